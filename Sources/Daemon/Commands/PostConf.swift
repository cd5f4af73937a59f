// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings
import Tables

/// `postconf`: shows and changes settings, as `weir config` does.
struct PostConf {
  private enum Change { case set, comment, remove }

  private var configuration: String?
  private var request = ConfigurationRequest()
  private var change: Change?
  private var names: [String] = []
  private var listsTypes = false
  private var fault: String?

  static func run(_ words: [String]) -> Int32 {
    var command = PostConf()
    command.parse(words)
    if let fault = command.fault {
      Terminal.writeError("postconf: fatal: \(fault)\n")
      return ExitStatus.usage
    }
    if command.listsTypes {
      Terminal.write(TableType.allCases.map(\.rawValue).sorted().map { "\($0)\n" }.joined())
      return ExitStatus.success
    }
    return Launch.config(CommandPlace.options(command.configuration), command.request)
  }

  private mutating func parse(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.utf8.count > 1, names.isEmpty else {
        names.append(word)
        continue
      }
      if word == "-c" { configuration = rest.popFirst() } else { for letter in word.dropFirst() { take(letter) } }
    }
    guard fault == nil else { return }
    if change == nil, names.contains(where: { $0.contains("=") }) { change = .set }
    if change == nil { request.names = names } else { request.edits = names.compactMap { edit($0) } }
  }

  private mutating func take(_ letter: Character) {
    switch letter {
    case "n": request.which = .set
    case "d": request.which = .defaults
    case "h": request.hasNames = false
    case "x": request.isExpanded = true
    case "e": change = .set
    case "#": change = .comment
    case "X": change = .remove
    case "m": listsTypes = true
    case "f", "o", "p", "v": break
    case "M", "P", "F": fault = "-\(letter): there is no master.cf; 'weir config listener' shows the listeners"
    default: fault = "invalid option -- '\(letter)'"
    }
  }

  private mutating func edit(_ word: String) -> ConfigurationEdit? {
    let name = word.prefix { $0 != "=" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard let place = SettingPlace(name) else {
      fault = "'\(name)' can be no name of a setting"
      return nil
    }
    switch change {
    case .comment: return .commentOut(place)
    case .remove: return .remove(place)
    case .set, nil:
      guard let equals = word.firstIndex(of: "=") else {
        fault = "missing '=' after attribute name: \"\(word)\""
        return nil
      }
      return .set(place, String(word[word.index(after: equals)...].drop(while: \.isWhitespace)))
    }
  }
}
