// SPDX-License-Identifier: Apache-2.0

/// Known names as lines of text, since there are hundreds:
///
///     name another_name: what it did -> what to do instead == value | value
///
/// Both ends may be missing. The values after `==` are those by which nothing changes.
extension KnownName {
  static func table(
    _ origin: Definition.Origin, _ standing: Standing, instead: String = "not yet: remove the line", _ text: String
  ) -> [KnownName] {
    text.split(separator: "\n").flatMap { rows($0, origin, standing, instead) }
  }

  private static func rows(_ line: Substring, _ origin: Definition.Origin, _ standing: Standing, _ instead: String) -> [KnownName] {
    let (head, values) = cut(line, " == ")
    let (front, ownInstead) = cut(head, " -> ")
    let (names, did) = cut(front, ": ")
    let same = Set(values.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") })
    return names.split(separator: " ").map { name in
      KnownName(
        name: String(name), origin: origin, standing: standing, did: String(did), instead: ownInstead.isEmpty ? instead : String(ownInstead),
        sameAs: standing == .missing ? off.union(same) : [])
    }
  }

  private static func cut(_ text: Substring, _ mark: String) -> (Substring, Substring) {
    guard let range = text.firstRange(of: mark) else { return (text, "") }
    return (text[..<range.lowerBound], text[range.upperBound...])
  }
}
