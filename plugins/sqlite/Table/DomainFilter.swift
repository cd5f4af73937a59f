// SPDX-License-Identifier: Apache-2.0

/// `domain`: only addresses of these domains are looked up, and nothing else.
struct DomainFilter {
  private let elements: [(name: [UInt8], isNegated: Bool)]

  /// Nil where everything is looked up.
  init?(_ text: String) throws(TemplateError) {
    var elements: [(name: [UInt8], isNegated: Bool)] = []
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let name = word.drop { $0 == "!" }
      guard !name.isEmpty, !name.contains(":"), !name.contains("/") else {
        throw TemplateError("domain: `\(word)`: only names of domains can stand here, no files and no tables")
      }
      elements.append((Array(name.lowercased().utf8), (word.count - name.count) % 2 == 1))
    }
    if elements.isEmpty { return nil }
    self.elements = elements
  }

  /// Whether the key is an address with a local part, in one of them.
  func takes(_ key: [UInt8]) -> Bool {
    guard let at = key.lastIndex(of: UInt8(ascii: "@")), at > 0 else { return false }
    let domain = key[(at + 1)...].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
    guard let element = elements.first(where: { $0.name == domain }) else { return false }
    return !element.isNegated
  }
}
