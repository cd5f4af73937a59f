// SPDX-License-Identifier: Apache-2.0

/// `default_rbl_reply`: a text with `$name`, `${name}`, `$(name)`, `${name?text}` and `${name:text}`.
package enum ReplyTemplate {
  /// Values within values are expanded too, no deeper than this.
  private static let maximumDepth = 8

  package static func expand(_ template: String, _ values: [String: String], _ filter: ExpansionFilter = .standard) -> String {
    let filtered = values.mapValues { String(decoding: filter.filtered($0), as: UTF8.self) }
    return String(decoding: expand(Array(template.utf8)[...], filtered, depth: 0), as: UTF8.self)
  }

  /// The names in a template that stand for nothing, and whether its brackets close; for a check when it is read.
  package static func unknownNames(_ template: String) -> [String] {
    var rest = Array(template.utf8)[...]
    var found: [String] = []
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      rest = rest[(dollar + 1)...]
      let word = String(decoding: rest.drop { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "(") }.prefix(while: isNameByte), as: UTF8.self)
      if !word.isEmpty, !names.contains(word) { found.append(word) }
    }
    return found
  }

  private static let names: Set<String> = [
    "client", "client_address", "client_name", "reverse_client_name", "helo_name", "server_name", "rbl_class", "rbl_code", "rbl_domain",
    "rbl_reason", "rbl_txt", "rbl_what", "recipient", "recipient_domain", "recipient_name", "sender", "sender_domain", "sender_name",
  ]

  private static func expand(_ text: ArraySlice<UInt8>, _ values: [String: String], depth: Int) -> [UInt8] {
    var result: [UInt8] = []
    var rest = text
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      result += rest[..<dollar]
      rest = rest[(dollar + 1)...]
      if rest.first == UInt8(ascii: "$") {
        result.append(UInt8(ascii: "$"))
        rest.removeFirst()
      } else {
        result += reference(&rest, values, depth: depth)
      }
    }
    return result + rest
  }

  private static func reference(_ rest: inout ArraySlice<UInt8>, _ values: [String: String], depth: Int) -> [UInt8] {
    guard let open = rest.first, let close = closing[open] else {
      let name = rest.prefix(while: isNameByte)
      rest = rest[name.endIndex...]
      return Array((values[String(decoding: name, as: UTF8.self)] ?? "").utf8)
    }
    guard depth < maximumDepth, let end = closingIndex(rest, open, close) else { return [] }
    let inner = rest[(rest.startIndex + 1)..<end]
    rest = rest[(end + 1)...]
    let name = inner.prefix(while: isNameByte)
    let value = values[String(decoding: name, as: UTF8.self)] ?? ""
    let mark = inner[name.endIndex...].first
    if mark == nil { return Array(value.utf8) }
    return branch(inner[(name.endIndex + 1)...], isSet: !value.isEmpty, onSet: mark == UInt8(ascii: "?"), values, depth: depth + 1)
  }

  /// `?text`, `:text`, `?{text}`, `?{text}:{text}`
  private static func branch(_ text: ArraySlice<UInt8>, isSet: Bool, onSet: Bool, _ values: [String: String], depth: Int) -> [UInt8] {
    let brace = UInt8(ascii: "{")
    guard text.first == brace, let end = closingIndex(text, brace, UInt8(ascii: "}")) else {
      return isSet == onSet ? expand(text, values, depth: depth) : []
    }
    if isSet == onSet { return expand(text[(text.startIndex + 1)..<end], values, depth: depth) }
    let other = text[(end + 1)...]
    guard other.first == UInt8(ascii: ":"), other.dropFirst().first == brace, other.last == UInt8(ascii: "}") else { return [] }
    return expand(other.dropFirst(2).dropLast(), values, depth: depth)
  }

  private static let closing: [UInt8: UInt8] = [UInt8(ascii: "{"): UInt8(ascii: "}"), UInt8(ascii: "("): UInt8(ascii: ")")]

  private static func closingIndex(_ text: ArraySlice<UInt8>, _ open: UInt8, _ close: UInt8) -> Int? {
    var depth = 0
    for index in text.indices {
      if text[index] == open { depth += 1 }
      if text[index] == close { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
