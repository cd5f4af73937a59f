// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The text in which passes are kept on disk: a line for each client, as `postmap -s` shows Postfix's cache, between a first line that names the form and a last
/// one by which damage is seen.
package enum PassList {
  package enum Damage: Error, Equatable, Sendable {
    case notWhole
    case otherForm
    case badLine(Int)
    case tooMany
  }

  private static let title = "# postscreen cache of Weir, form 1"

  package static func text(_ entries: [PassCache.Entry]) -> [UInt8] {
    var bytes = Array("\(title)\n".utf8)
    bytes.reserveCapacity(entries.count * 72)
    for (client, passes) in entries { bytes += Array("\(client)\t\(passes.text)\n".utf8) }
    return bytes + Array("\(end(bytes))\n".utf8)
  }

  /// At most `limit` clients: a file that holds more is none of ours.
  package static func read(_ bytes: [UInt8], limit: Int) throws(Damage) -> [PassCache.Entry] {
    guard bytes.last == UInt8(ascii: "\n"), let last = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")) else { throw .notWhole }
    let body = Array(bytes[...last])
    guard String(decoding: bytes[(last + 1)...].dropLast(), as: UTF8.self) == end(body) else { throw .notWhole }
    let lines = body.split(separator: UInt8(ascii: "\n"))
    guard let first = lines.first, String(decoding: first, as: UTF8.self) == title else { throw .otherForm }
    guard lines.count - 1 <= limit else { throw .tooMany }
    var entries: [PassCache.Entry] = []
    entries.reserveCapacity(lines.count)
    for (number, line) in lines.enumerated().dropFirst() {
      guard let entry = entry(String(decoding: line, as: UTF8.self)) else { throw .badLine(number + 1) }
      entries.append(entry)
    }
    return entries
  }

  private static func entry(_ line: String) -> PassCache.Entry? {
    let parts = line.split(separator: "\t", maxSplits: 1)
    guard parts.count == 2, let client = IPAddress(parts[0]), let passes = Passes(parts[1]) else { return nil }
    return (client, passes)
  }

  private static func end(_ body: [UInt8]) -> String {
    var sum = CRC32C()
    sum.update(body)
    return "# end \(String(sum.value, radix: 16))"
  }
}
