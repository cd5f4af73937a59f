// SPDX-License-Identifier: Apache-2.0

/// `$name` in settings that the local agent expands for each recipient, as local(8) does.
///
/// `$name`, `${name}` and `$(name)` stand for a value, `${name?text}` for text if there is one, `${name:text}` for text if there is none; the text may stand in
/// braces and have names in it. `$$` is a dollar.
package struct LocalExpansion: Sendable {
  private let values: [String: String]

  /// `values` by name; an empty one counts as none.
  package init(_ values: [String: String]) { self.values = values }

  package func expand(_ text: some StringProtocol) -> String {
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      result += takeReference(&rest)
    }
    return result + rest
  }

  /// As `expand`; nil if a name without a value stands for itself.
  package func expandDefined(_ text: some StringProtocol) -> String? {
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      rest = rest[rest.index(after: dollar)...]
      var after = rest
      let name = after.first == "{" || after.first == "(" ? LocalExpansion.takeGroup(&after) ?? "" : after.prefix { $0.isLetter || $0 == "_" }
      let isPlain = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
      if isPlain, values[String(name)]?.isEmpty != false { return nil }
      rest = rest.dropFirst(1)
    }
    return expand(text)
  }

  private func takeReference(_ rest: inout Substring) -> String {
    guard let first = rest.first else { return "$" }
    if first == "$" {
      rest.removeFirst()
      return "$"
    }
    if first == "{" || first == "(", let body = LocalExpansion.takeGroup(&rest) { return value(of: body) }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    rest = rest[name.endIndex...]
    return name.isEmpty ? "$" : values[String(name)] ?? ""
  }

  /// What is inside the brackets with which `rest` begins; nil if they are not closed.
  private static func takeGroup(_ rest: inout Substring) -> Substring? {
    guard let open = rest.first else { return nil }
    let close: Character = open == "{" ? "}" : ")"
    var depth = 0
    for index in rest.indices {
      if rest[index] == open { depth += 1 } else if rest[index] == close { depth -= 1 }
      guard depth == 0 else { continue }
      let body = rest[rest.index(after: rest.startIndex)..<index]
      rest = rest[rest.index(after: index)...]
      return body
    }
    return nil
  }

  private func value(of body: Substring) -> String {
    guard let operation = body.firstIndex(where: { $0 == "?" || $0 == ":" }) else { return values[String(body)] ?? "" }
    let isSet = values[String(body[..<operation])]?.isEmpty == false
    guard isSet == (body[operation] == "?") else { return "" }
    let text = body[body.index(after: operation)...]
    let isBraced = text.first == "{" && text.last == "}"
    return expand(isBraced ? text.dropFirst().dropLast() : text)
  }
}
