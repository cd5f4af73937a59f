// SPDX-License-Identifier: Apache-2.0

/// `$name` in the texts of reports: `$name`, `${name}`, `$(name)`; `$$` is a dollar.
struct TextExpansion {
  private let value: (String) -> String?

  init(_ value: @escaping (String) -> String?) { self.value = value }

  /// A name that nobody knows stands for nothing.
  func expand(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      result += take(&rest)
    }
    return result + rest
  }

  private func take(_ rest: inout Substring) -> String {
    guard let first = rest.first else { return "$" }
    if first == "$" {
      rest.removeFirst()
      return "$"
    }
    let closing: Character? = first == "{" ? "}" : first == "(" ? ")" : nil
    if let closing {
      guard let end = rest.firstIndex(of: closing) else { return "$" }
      let name = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      return value(String(name)) ?? ""
    }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    rest = rest[name.endIndex...]
    return name.isEmpty ? "$" : value(String(name)) ?? ""
  }
}
