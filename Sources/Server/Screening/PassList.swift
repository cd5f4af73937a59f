// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The text in which passes are kept on disk: a line for each client, as `postmap -s` shows Postfix's cache.
package enum PassList {
  package typealias Damage = SealedLines.Damage

  private static let title = "# postscreen cache of Weir, form 1"

  package static func text(_ entries: [PassCache.Entry]) -> [UInt8] {
    SealedLines.text(title, entries.lazy.map { "\($0.key)\t\($0.value.text)" }, reserving: entries.count * 72)
  }

  /// At most `limit` clients.
  package static func read(_ bytes: [UInt8], limit: Int) throws(Damage) -> [PassCache.Entry] {
    try SealedLines.read(bytes, title, limit: limit, parse: entry)
  }

  private static func entry(_ line: String) -> PassCache.Entry? {
    let parts = line.split(separator: "\t", maxSplits: 1)
    guard parts.count == 2, let client = IPAddress(parts[0]), let passes = Passes(parts[1]) else { return nil }
    return (client, passes)
  }
}
