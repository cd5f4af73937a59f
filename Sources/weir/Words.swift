// SPDX-License-Identifier: Apache-2.0
import Daemon
import Runtime

/// The words of a command line, taken one by one.
struct Words {
  private(set) var rest: [String]

  init(_ words: [String]) { rest = words }

  mutating func next() -> String? { rest.isEmpty ? nil : rest.removeFirst() }

  mutating func required(_ what: String) throws(UsageError) -> String {
    guard let word = next() else { throw UsageError("missing \(what)") }
    return word
  }

  mutating func remove(at index: Int) { rest.remove(at: index) }

  /// Takes `flag` out, wherever it stands.
  mutating func take(_ flag: String) -> Bool {
    guard let index = rest.firstIndex(of: flag) else { return false }
    rest.remove(at: index)
    return true
  }

  /// `--config FILE` and `--data DIR`, wherever they stand.
  mutating func options(allowingOthers: Bool = false) throws(UsageError) -> Options {
    var options = Options()
    options.configuration = try value(of: ["--config", "-c"])
    options.data = try value(of: ["--data"])
    if !allowingOthers, let word = rest.first {
      throw UsageError("unexpected '\(word)'", hint: Suggestion.nearest(to: word, in: ["--config", "--data"]))
    }
    return options
  }

  mutating func value(of names: [String]) throws(UsageError) -> String? {
    for name in names {
      if let index = rest.firstIndex(where: { $0.hasPrefix("\(name)=") }) { return String(rest.remove(at: index).dropFirst(name.utf8.count + 1)) }
      guard let index = rest.firstIndex(of: name) else { continue }
      guard index + 1 < rest.count else { throw UsageError("\(name) needs a value") }
      let value = rest[index + 1]
      // Whoever forgets a value means the next word as what it is; `--name=--value` is for the others.
      if value.hasPrefix("--") { throw UsageError("\(name) needs a value") }
      rest.removeSubrange(index...index + 1)
      return value
    }
    return nil
  }
}

/// A command line that makes no sense.
struct UsageError: Error {
  let message: String
  let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  /// Tells it on standard error; answers the exit status for it (EX_USAGE of sysexits.h).
  func report() -> Int32 {
    let suggestion = hint.map { "; did you mean '\($0)'?" } ?? ""
    Terminal.writeError("weir: \(message)\(suggestion)\nweir: 'weir help' lists the commands\n")
    return 64
  }
}

/// The nearest of some words, for typing errors.
enum Suggestion {
  static func nearest(to word: String, in words: [String]) -> String? {
    let ranked = words.map { (distance(Array(word), Array($0)), $0) }
    guard let best = ranked.min(by: { $0.0 < $1.0 }), best.0 <= 2 else { return nil }
    return best.1
  }

  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let change = diagonal + (character == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
