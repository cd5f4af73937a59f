// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Reads the actions of header_checks(5): a word in any case, blanks, and a text whose meaning depends on the word.
package struct CheckActionReader {
  private let bytes: [UInt8]
  private let word: Range<Int>
  private let rest: Range<Int>
  private let subject: CheckAction.Subject

  package static func read(_ value: [UInt8], for subject: CheckAction.Subject) throws(CheckProblem) -> CheckAction {
    try CheckActionReader(value, subject).read()
  }

  init(_ bytes: [UInt8], _ subject: CheckAction.Subject) {
    self.bytes = bytes
    self.subject = subject
    let end = bytes.firstIndex { $0 == 0x20 || $0 == 0x09 } ?? bytes.count
    word = 0..<end
    rest = (bytes[end...].firstIndex { !$0.isBlank } ?? bytes.count)..<bytes.count
  }

  private var text: String { String(decoding: bytes[rest], as: UTF8.self) }

  func read() throws(CheckProblem) -> CheckAction {
    switch String(decoding: bytes[word], as: UTF8.self).uppercased() {
    case "BCC": .bcc(try address("BCC"))
    case "DISCARD": .discard(text)
    case "DUNNO", "OK": .dunno
    case "FILTER": .filter(try filter())
    case "HOLD": .hold(text)
    case "IGNORE": .ignore
    case "INFO": .info(text)
    case "PASS": .pass(text)
    case "PREPEND": .prepend(try line("PREPEND"))
    case "REDIRECT": .redirect(try address("REDIRECT"))
    case "REJECT": try refusal()
    case "REPLACE": .replace(try line("REPLACE"))
    case "STRIP": .strip(text)
    case "WARN": .warn(text)
    default: throw unknownWord()
    }
  }

  private func problem(_ range: Range<Int>, _ message: String, hint: String?) -> CheckProblem {
    CheckProblem(range: range, message: message, hint: hint)
  }

  // MARK: Texts

  private func address(_ word: String) throws(CheckProblem) -> String {
    if rest.isEmpty { throw problem(self.word, "`\(word)` needs an address", hint: "\(word) user@example.com") }
    if !bytes[rest].contains(UInt8(ascii: "@")) {
      throw problem(rest, "`\(text)` is no address with a domain", hint: "\(word) user@example.com")
    }
    return text
  }

  private func filter() throws(CheckProblem) -> String {
    let hint = "FILTER transport:destination"
    if rest.isEmpty { throw problem(word, "`FILTER` needs a destination", hint: hint) }
    if !bytes[rest].contains(UInt8(ascii: ":")) { throw problem(rest, "`\(text)` is no `transport:destination`", hint: hint) }
    return text
  }

  private func line(_ word: String) throws(CheckProblem) -> [UInt8] {
    let example = subject == .header ? "\(word) X-Seen: yes" : "\(word) a line"
    if rest.isEmpty { throw problem(self.word, "`\(word)` needs a text", hint: example) }
    if subject == .header, HeaderText(bytes[rest]) == nil {
      throw problem(rest, "`\(text)` is no header line", hint: "a name, a colon and the rest: `\(example)`")
    }
    return Array(bytes[rest])
  }

  /// A status may stand before the text; without one it is 5.7.1.
  private func refusal() throws(CheckProblem) -> CheckAction {
    if rest.isEmpty { return .reject(status: CheckAction.refusalStatus, text: CheckAction.refusalText) }
    let end = bytes[rest].firstIndex { $0.isBlank } ?? rest.upperBound
    guard Self.isStatus(bytes[rest.lowerBound..<end]) else { return .reject(status: CheckAction.refusalStatus, text: text) }
    if bytes[rest.lowerBound] == UInt8(ascii: "2") {
      throw problem(rest.lowerBound..<end, "a refusal cannot have the status of a success", hint: "4.x.x to be tried again, 5.x.x for good")
    }
    let begin = bytes[end...].firstIndex { !$0.isBlank } ?? bytes.count
    return .reject(status: String(decoding: bytes[rest.lowerBound..<end], as: UTF8.self), text: String(decoding: bytes[begin...], as: UTF8.self))
  }

  /// RFC 3463 §2: `class "." subject "." detail`
  private static func isStatus(_ word: ArraySlice<UInt8>) -> Bool {
    let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isDigit) }) else { return false }
    return parts[0].count == 1 && [UInt8(ascii: "2"), UInt8(ascii: "4"), UInt8(ascii: "5")].contains(parts[0].first ?? 0)
  }

  // MARK: Unknown words

  private func unknownWord() -> CheckProblem {
    let name = String(decoding: bytes[word], as: UTF8.self)
    if name.isEmpty { return problem(word, "an empty action", hint: "an action is a word such as REJECT, WARN or DUNNO, and perhaps a text") }
    return problem(word, "unknown action `\(name)`", hint: hint(name.uppercased()))
  }

  /// What other languages call it.
  private static let others = [
    "ACCEPT": "DUNNO lets the line pass; PASS ends all further tests of the message", "ALLOW": "DUNNO lets the line pass",
    "PERMIT": "DUNNO lets the line pass; PASS ends all further tests of the message",
    "DEFER": "a status that starts with 4 asks to try again later: REJECT 4.7.1 text",
    "TEMPFAIL": "a status that starts with 4 asks to try again later: REJECT 4.7.1 text",
    "DELETE": "IGNORE removes the line; DISCARD drops the message", "REMOVE": "IGNORE removes the line; DISCARD drops the message",
    "DROP": "IGNORE removes the line; DISCARD drops the message", "QUARANTINE": "HOLD keeps the message in the queue",
    "BLOCK": "did you mean `REJECT`?", "DENY": "did you mean `REJECT`?", "LOG": "did you mean `INFO`, or `WARN`?",
    "ADD": "PREPEND puts a line before this one",
  ]

  private func hint(_ name: String) -> String {
    if name.utf8.allSatisfy(\.isDigit) {
      return "these rules have no reply codes: `REJECT text`, with a status such as 5.7.1 before the text or without"
    }
    if let other = Self.others[name] { return other }
    let meant =
      CheckAction.words.first { name.hasPrefix($0) } ?? Suggestion(CheckAction.words.map { $0.lowercased() }).nearest(to: name)?.uppercased()
    return meant.map { "did you mean `\($0)`?" } ?? "the actions are " + CheckAction.words.joined(separator: ", ")
  }
}

/// `name: value` as PREPEND and REPLACE have it.
package struct HeaderText: Equatable, Sendable {
  package let name: [UInt8]
  /// What follows the colon and one blank.
  package let value: [UInt8]

  /// Nil unless the text starts with a name of RFC 5322 §2.2 and a colon; blanks before the colon are allowed, as in Postfix.
  package init?(_ text: ArraySlice<UInt8>) {
    let name = text.prefix { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
    let rest = text[name.endIndex...].drop { $0 == 0x20 || $0 == 0x09 }
    guard !name.isEmpty, rest.first == UInt8(ascii: ":") else { return nil }
    let value = rest.dropFirst()
    self.name = Array(name)
    self.value = Array(value.first == 0x20 ? value.dropFirst() : value)
  }
}
