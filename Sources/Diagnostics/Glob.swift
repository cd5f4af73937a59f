// SPDX-License-Identifier: Apache-2.0

/// Shell patterns in paths: `*`, `?`, `[a-z]`, `[!a-z]` and `\` before a character that stands for itself.
package struct Glob {
  /// More matches than this are an error, not a wait.
  package static let maximumMatches = 10_000

  private let pattern: String

  package init(_ pattern: String) { self.pattern = pattern }

  package var isPattern: Bool { pattern.utf8.contains { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) } }

  /// The paths in `files` that match, sorted; a name that starts with a dot only if the pattern says so. A folder that is not there holds nothing.
  package func paths(in files: any FileSource) throws(FileError) -> [String] {
    var bases = [pattern.hasPrefix("/") ? "/" : ""]
    for component in pattern.split(separator: "/") {
      let glob = Glob(String(component))
      bases = glob.isPattern ? bases.flatMap { glob.matches(inFolder: $0, files) } : bases.map { $0 + component + "/" }
      guard bases.count <= Self.maximumMatches else { throw FileError(reason: "more than \(Self.maximumMatches) files match") }
    }
    return bases.filter { $0 != "/" && !$0.isEmpty }.map { String($0.dropLast()) }
  }

  private func matches(inFolder base: String, _ files: any FileSource) -> [String] {
    let folder = base.count > 1 ? String(base.dropLast()) : base.isEmpty ? "." : base
    let names = (try? files.names(inFolder: folder)) ?? []
    return names.filter { matches(name: $0) }.sorted().map { base + $0 + "/" }
  }

  package func matches(name: String) -> Bool {
    if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
    return Self.matches(Array(pattern.utf8), Array(name.utf8))
  }

  /// Keeps only the last `*` to return to, so the time is at most the product of the lengths.
  private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    var at = 0
    var offset = 0
    var retry: (at: Int, offset: Int)?
    while offset < name.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        retry = (at + 1, offset)
        at += 1
      } else if let next = step(pattern, at, name[offset]) {
        at = next
        offset += 1
      } else if let back = retry {
        retry = (back.at, back.offset + 1)
        at = back.at
        offset = back.offset + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// The place in the pattern after the element at `at`, if that element matches the byte.
  private static func step(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
    guard at < pattern.count else { return nil }
    switch pattern[at] {
    case UInt8(ascii: "?"): return at + 1
    case UInt8(ascii: "["): return stepSet(pattern, at, byte)
    case UInt8(ascii: "\\") where at + 1 < pattern.count: return pattern[at + 1] == byte ? at + 2 : nil
    default: return pattern[at] == byte ? at + 1 : nil
    }
  }

  private static func stepSet(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
    var index = at + 1
    let isNegated = index < pattern.count && (pattern[index] == UInt8(ascii: "!") || pattern[index] == UInt8(ascii: "^"))
    if isNegated { index += 1 }
    let first = index
    var isMember = false
    while index < pattern.count, index == first || pattern[index] != UInt8(ascii: "]") {
      let isRange = index + 2 < pattern.count && pattern[index + 1] == UInt8(ascii: "-") && pattern[index + 2] != UInt8(ascii: "]")
      let upper = isRange ? pattern[index + 2] : pattern[index]
      if pattern[index] <= byte, byte <= upper { isMember = true }
      index += isRange ? 3 : 1
    }
    guard index < pattern.count else { return byte == UInt8(ascii: "[") ? at + 1 : nil }
    return isMember != isNegated ? index + 1 : nil
  }
}
