// SPDX-License-Identifier: Apache-2.0
import Message

/// The command line of `sendmail`, as every program writes it.
package struct SendmailArguments: Equatable, Sendable {
  package enum Mode: Equatable, Sendable {
    case deliver
    /// `-bs`: SMTP on standard input and output.
    case smtp
    /// `-bp`
    case listQueue
    /// `-bi`, `-I`
    case newAliases
    /// `-q`, `-qI…`, `-qR…`
    case flush, flushMessage(String), flushSite(String)
    /// `-bd`, `-bl`
    case daemon
    /// `-bv`
    case verify
  }

  package struct Fault: Error, Equatable {
    package let text: String
  }

  package var mode = Mode.deliver
  package var recipients: [String] = []
  /// As given; nil where the user is the sender.
  package var sender: String?
  package var fullName: String?
  package var configuration: String?
  package var endsAtDot = true
  package var takesRecipients = false
  package var notify = ""
  package var returnContent = ""
  package var envelopeID = ""
  package var saysEightBit = false
  package var isVerbose = false

  package static func parse(_ words: [String]) throws(Fault) -> SendmailArguments {
    var arguments = SendmailArguments()
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        arguments.recipients += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        arguments.recipients.append(word)
        continue
      }
      try arguments.take(word.dropFirst(), &rest)
    }
    return arguments
  }

  /// Options whose value follows, in the same word or in the next.
  private static let withValue: Set<Character> = ["A", "B", "C", "F", "L", "N", "O", "R", "V", "X", "b", "e", "f", "h", "o", "p", "r"]

  private mutating func take(_ letters: Substring, _ rest: inout ArraySlice<String>) throws(Fault) {
    var letters = letters
    while let letter = letters.popFirst() {
      // Without a value in the same word it runs the queue.
      if letter == "q" { return try takeQueue(String(letters)) }
      guard Self.withValue.contains(letter) else {
        try takeFlag(letter)
        continue
      }
      let own = letters.isEmpty ? rest.popFirst() : String(letters)
      guard let value = own else { throw Fault(text: "option requires an argument -- '\(letter)'") }
      return try takeValue(letter, value)
    }
  }

  private mutating func takeFlag(_ letter: Character) throws(Fault) {
    switch letter {
    case "i": endsAtDot = false
    case "t": takesRecipients = true
    case "I": mode = .newAliases
    case "v": isVerbose = true
    case "G", "U", "c", "m", "n", "x", "E": break
    default: throw Fault(text: "invalid option -- '\(letter)'")
    }
  }

  private mutating func takeValue(_ letter: Character, _ value: String) throws(Fault) {
    switch letter {
    case "b": try takeMode(value)
    case "B": saysEightBit = value.uppercased() == "8BITMIME"
    case "C": configuration = value
    case "F": fullName = value
    case "f", "r": sender = value
    case "N": notify = try Self.notify(value)
    case "R": returnContent = try Self.returnContent(value)
    case "V": envelopeID = value
    case "o": if value == "i" { endsAtDot = false }
    default: break
    }
  }

  private mutating func takeMode(_ value: String) throws(Fault) {
    switch value {
    case "m": mode = .deliver
    case "s": mode = .smtp
    case "p": mode = .listQueue
    case "i": mode = .newAliases
    case "d", "l": mode = .daemon
    case "v": mode = .verify
    default: throw Fault(text: "unsupported: -b\(value)")
    }
  }

  private mutating func takeQueue(_ value: String) throws(Fault) {
    switch value.first {
    case nil: mode = .flush
    // How often: the daemon knows by itself.
    case .some("0"..."9"): if mode != .daemon { mode = .flush }
    case "I": mode = .flushMessage(String(value.dropFirst()))
    case "R": mode = .flushSite(String(value.dropFirst()))
    default: throw Fault(text: "unsupported: -q\(value)")
    }
  }

  /// RFC 3461 §4.1.
  private static func notify(_ value: String) throws(Fault) -> String {
    let words = value.uppercased().split { $0 == "," || $0 == " " }.map(String.init)
    guard !words.isEmpty, words == ["NEVER"] || words.allSatisfy({ ["SUCCESS", "FAILURE", "DELAY"].contains($0) }) else {
      throw Fault(text: "bad -N option value -- use: never, or some of failure, success, delay")
    }
    return words.joined(separator: ",")
  }

  /// RFC 3461 §4.3.
  private static func returnContent(_ value: String) throws(Fault) -> String {
    let word = value.uppercased()
    guard word == "FULL" || word == "HDRS" else { throw Fault(text: "bad -R option value -- use: full or hdrs") }
    return word
  }
}
