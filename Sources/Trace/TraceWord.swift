// SPDX-License-Identifier: Apache-2.0
import Queue

/// A name by which somebody may ask about a message, as a number: what has the same name has the same number, and hardly anything else.
package struct TraceWord: Hashable, Comparable, Sendable {
  package let hash: UInt64

  private enum Tag: UInt8 { case queueID = 1, session, address, messageID, code, client }

  private init(_ tag: Tag, _ bytes: some Sequence<UInt8>) {
    // FNV-1a.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    hash = (hash ^ UInt64(tag.rawValue)) &* 0x100_0000_01b3
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.hash = hash
  }

  private init(_ tag: Tag, number: UInt64) {
    let mixed = (number ^ UInt64(tag.rawValue) << 56) &* 0x9e37_79b9_7f4a_7c15
    hash = mixed ^ mixed >> 29
  }

  init(hash: UInt64) { self.hash = hash }

  package static func < (left: TraceWord, right: TraceWord) -> Bool { left.hash < right.hash }

  package static func queueID(_ id: QueueID) -> TraceWord { TraceWord(.queueID, number: id.rawValue) }
  /// `run`: of the process.
  package static func session(_ number: UInt32, run: Int64) -> TraceWord {
    TraceWord(.session, number: UInt64(number) &+ UInt64(bitPattern: run) &* 0xff51_afd7_ed55_8ccd)
  }
  /// In any case.
  package static func address(_ bytes: some Sequence<UInt8>) -> TraceWord { TraceWord(.address, bytes.lazy.map(lowercased)) }
  /// Without its brackets.
  package static func messageID(_ bytes: some Sequence<UInt8>) -> TraceWord { TraceWord(.messageID, bytes) }
  package static func code(_ bytes: some Sequence<UInt8>) -> TraceWord { TraceWord(.code, bytes) }
  package static func client(_ bytes: some Sequence<UInt8>) -> TraceWord { TraceWord(.client, bytes) }
}

private func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }
