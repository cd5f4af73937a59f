// SPDX-License-Identifier: Apache-2.0
import Daemon
import Settings

/// `weir config`'s own words: those of postconf and doveconf.
struct ConfigArguments {
  private enum Change: String { case set = "-e", comment = "-#", remove = "-X" }

  private var request = ConfigurationRequest()
  private var change: Change?

  static func parse(_ words: [String]) throws(UsageError) -> ConfigurationRequest {
    var arguments = ConfigArguments()
    var rest = words[...]
    while let word = rest.first, word.hasPrefix("-"), word != "-" {
      rest = rest.dropFirst()
      if word == "--" { break }
      try arguments.take(word)
    }
    return try arguments.finish(Array(rest))
  }

  /// `-n`, `-nh`, `-e`
  private mutating func take(_ word: String) throws(UsageError) {
    if let change = Change(rawValue: word) {
      guard self.change == nil else { throw UsageError("only one of -e, -# and -X at a time") }
      self.change = change
      return
    }
    for letter in word.dropFirst() {
      switch letter {
      case "n": request.which = .set
      case "d": request.which = .defaults
      case "a": request.which = .all
      case "h": request.hasNames = false
      case "x": request.isExpanded = true
      default: throw UsageError("weir config knows no '\(word)'; 'weir help config' lists what it knows")
      }
    }
  }

  private func finish(_ names: [String]) throws(UsageError) -> ConfigurationRequest {
    var request = request
    guard let change else {
      request.names = names
      return request
    }
    guard !names.isEmpty else {
      throw UsageError(change == .set ? "missing name=value after -e" : "missing the name of a setting after \(change.rawValue)")
    }
    for name in names { request.edits.append(try Self.edit(change, name)) }
    return request
  }

  private static func edit(_ change: Change, _ word: String) throws(UsageError) -> ConfigurationEdit {
    switch change {
    case .comment: return .commentOut(try place(word))
    case .remove: return .remove(try place(word))
    case .set:
      guard let equals = word.firstIndex(of: "=") else { throw UsageError("'\(word)' is no name=value") }
      return .set(try place(String(word[..<equals])), String(word[word.index(after: equals)...]))
    }
  }

  private static func place(_ text: String) throws(UsageError) -> SettingPlace {
    let name = String(text.trimmingBlanks)
    guard let place = SettingPlace(name) else { throw UsageError("'\(name)' can be no name of a setting") }
    return place
  }
}

extension String {
  fileprivate var trimmingBlanks: Substring {
    let front = drop(while: \.isWhitespace)
    return front[..<(front.lastIndex { !$0.isWhitespace }.map(front.index(after:)) ?? front.startIndex)]
  }
}
