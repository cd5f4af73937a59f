// SPDX-License-Identifier: Apache-2.0

/// The text in which caches are kept on disk: lines between a first one that names the form and a last one by which damage is seen.
package enum SealedLines {
  package enum Damage: Error, Equatable, Sendable {
    case notWhole
    case otherForm
    case badLine(Int)
    case tooMany
  }

  /// No line may hold a line end.
  package static func text(_ title: String, _ lines: some Sequence<String>, reserving size: Int) -> [UInt8] {
    var bytes = Array("\(title)\n".utf8)
    bytes.reserveCapacity(size)
    for line in lines {
      bytes += Array(line.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes + Array("\(end(bytes))\n".utf8)
  }

  /// What `parse` makes of each line, of which there are `limit` at most: a file that holds more is none of ours.
  package static func read<Item>(_ bytes: [UInt8], _ title: String, limit: Int, parse: (String) -> Item?) throws(Damage) -> [Item] {
    guard bytes.last == UInt8(ascii: "\n"), let last = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")) else { throw .notWhole }
    let body = Array(bytes[...last])
    guard String(decoding: bytes[(last + 1)...].dropLast(), as: UTF8.self) == end(body) else { throw .notWhole }
    let lines = body.split(separator: UInt8(ascii: "\n"))
    guard let first = lines.first, String(decoding: first, as: UTF8.self) == title else { throw .otherForm }
    guard lines.count - 1 <= limit else { throw .tooMany }
    var items: [Item] = []
    items.reserveCapacity(lines.count)
    for (number, line) in lines.enumerated().dropFirst() {
      guard let item = parse(String(decoding: line, as: UTF8.self)) else { throw .badLine(number + 1) }
      items.append(item)
    }
    return items
  }

  private static func end(_ body: [UInt8]) -> String {
    var sum = CRC32C()
    sum.update(body)
    return "# end \(String(sum.value, radix: 16))"
  }
}
