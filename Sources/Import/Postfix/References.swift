// SPDX-License-Identifier: Apache-2.0

/// `$name`, `${name}` and `$(name)` in values.
enum References {
  /// Replaces each plain reference that `replacement` answers for; conditions such as `${name?text}` stay.
  static func replace(in text: String, _ replacement: (String) -> String?) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      result += rest[..<dollar]
      let (name, end) = reference(rest[(dollar + 1)...])
      if let name, let value = replacement(name) {
        result += value.utf8
      } else {
        result += rest[dollar..<end]
      }
      rest = rest[end...]
    }
    return String(decoding: result + rest, as: UTF8.self)
  }

  /// Every name that the text refers to, in conditions too.
  static func names(in text: String) -> Set<String> {
    var names: Set<String> = []
    for part in text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).dropFirst() {
      let isOpened = part.first == UInt8(ascii: "{") || part.first == UInt8(ascii: "(")
      let name = part.dropFirst(isOpened ? 1 : 0).prefix(while: \.isNameByte)
      if !name.isEmpty { names.insert(String(decoding: name, as: UTF8.self)) }
    }
    return names
  }

  /// The name, if it is a plain reference, and where the reference ends.
  private static func reference(_ text: ArraySlice<UInt8>) -> (name: String?, end: Int) {
    guard let first = text.first else { return (nil, text.endIndex) }
    if first == UInt8(ascii: "$") { return (nil, text.startIndex + 1) }
    let closing: UInt8? = first == UInt8(ascii: "{") ? UInt8(ascii: "}") : first == UInt8(ascii: "(") ? UInt8(ascii: ")") : nil
    let body = closing == nil ? text : text.dropFirst()
    let end = body.firstIndex { !$0.isNameByte } ?? body.endIndex
    let name = String(decoding: body[body.startIndex..<end], as: UTF8.self)
    guard let closing else { return (name.isEmpty ? nil : name, end) }
    guard end < body.endIndex, body[end] == closing, !name.isEmpty else { return (nil, body.startIndex) }
    return (name, end + 1)
  }
}
