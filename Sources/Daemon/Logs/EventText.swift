// SPDX-License-Identifier: Apache-2.0

/// A line of the event stream, for people: the values of its JSON object by key. Numbers and words stay as they are written.
struct EventText {
  private var values: [String: [UInt8]] = [:]

  /// Reads an object as `JSONLine` writes it: flat, and without blanks. What is not such an object has no values.
  init(json: ArraySlice<UInt8>) {
    var rest = json
    guard rest.popFirst() == UInt8(ascii: "{") else { return }
    while let key = Self.takeValue(&rest), rest.popFirst() == UInt8(ascii: ":"), let value = Self.takeValue(&rest) {
      values[String(decoding: key, as: UTF8.self)] = value
      guard rest.popFirst() == UInt8(ascii: ",") else { return }
    }
  }

  subscript(key: String) -> [UInt8] { values[key] ?? [] }

  /// `12:33:07 postfix/smtpd[4711]: connect from …`
  func line(isColoured: Bool) -> [UInt8] {
    let (dim, plain) = isColoured ? ("\u{1b}[2m", "\u{1b}[0m") : ("", "")
    let clock = self["time"].dropFirst(11).prefix(8)
    var line = Array(dim.utf8) + clock + Array(plain.utf8)
    line += " ".utf8
    line += self["name"]
    line += "/".utf8
    line += self["service"]
    line += "[".utf8
    line += self["pid"]
    line += "]: ".utf8
    line += colour(isColoured).utf8
    line += self["message"]
    line += plain.utf8
    line.append(0x0a)
    return line
  }

  private func colour(_ isColoured: Bool) -> String {
    if !isColoured { return "" }
    let words = [self["severity"], self["event"], self["status"]].map { String(decoding: $0, as: UTF8.self) }
    switch (words[0], words[1], words[2]) {
    case ("error", _, _), (_, "verdict", _), (_, _, "bounced"): return "\u{1b}[31m"
    case ("warning", _, _), (_, _, "deferred"): return "\u{1b}[33m"
    case (_, _, "sent"): return "\u{1b}[32m"
    default: return ""
    }
  }

  /// A string, unescaped, or what stands up to the next comma or brace.
  private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard rest.first == UInt8(ascii: "\"") else {
      let word = rest.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
      rest = rest.dropFirst(word.count)
      return word.isEmpty ? nil : Array(word)
    }
    rest = rest.dropFirst()
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return text
      case UInt8(ascii: "\\"): text.append(takeEscape(&rest))
      default: text.append(byte)
      }
    }
    return nil
  }

  /// Control characters are no good on a terminal.
  private static func takeEscape(_ rest: inout ArraySlice<UInt8>) -> UInt8 {
    switch rest.popFirst() {
    case UInt8(ascii: "u"):
      rest = rest.dropFirst(4)
      return UInt8(ascii: "?")
    case UInt8(ascii: "n"), UInt8(ascii: "t"), nil: return UInt8(ascii: " ")
    case let byte?: return byte
    }
  }
}
