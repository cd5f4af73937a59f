// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// The file `relayed`: the recipients whose mail other servers took last, each in a slot, the oldest overwritten first. It is never synced: it is there
/// for the case that the process dies before the note of that is in the log. A slot is valid only for the run of the machine that it was written in.
struct RelayedSlot: Equatable {
  static let size = 24
  /// More than are noted within `noteDelay` and a sync of the disk.
  static let count = 4096

  let id: QueueID
  let recipient: UInt32
  let sequence: UInt32

  private static let magic: UInt64 = 0x454B_4154_5249_4557  // "WEIRTAKE"

  func bytes(_ boot: Boot) -> [UInt8] {
    let words = [id.rawValue, UInt64(sequence) << 32 | UInt64(recipient)]
    return (words + [Self.check(words, boot)]).flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
  }

  init(id: QueueID, recipient: UInt32, sequence: UInt32) {
    (self.id, self.recipient, self.sequence) = (id, recipient, sequence)
  }

  /// Nil for anything that was not written whole in this run of the machine.
  init?(_ bytes: ArraySlice<UInt8>, _ boot: Boot) {
    guard bytes.count == Self.size else { return nil }
    let words = bytes.withUnsafeBytes { raw in (0..<3).map { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) } }
    guard words[2] == Self.check(Array(words[..<2]), boot) else { return nil }
    self.init(
      id: QueueID(rawValue: words[0]), recipient: UInt32(truncatingIfNeeded: words[1]), sequence: UInt32(truncatingIfNeeded: words[1] >> 32))
  }

  private static func check(_ words: [UInt64], _ boot: Boot) -> UInt64 {
    var crc = CRC32C()
    ([magic, boot.high, boot.low] + words).withUnsafeBytes { crc.update($0) }
    return magic << 32 | UInt64(crc.value)
  }
}

extension Spool {
  /// On record before anything else happens. Without room for it there is a longer time in which a crash brings the message twice.
  func remember(_ id: QueueID, relayedTo recipient: Int) {
    guard let recipient = UInt32(exactly: recipient) else { return }
    let sequence = relayedSequence.withLock { sequence in
      defer { sequence &+= 1 }
      return sequence
    }
    let bytes = RelayedSlot(id: id, recipient: recipient, sequence: sequence).bytes(boot)
    guard let file = try? folder.relayedFile(isMade: true) else { return }
    try? bytes.withPieces { (pieces) throws(DiskError) in
      try disk.write(file, pieces, offset: Int64(Int(sequence) % RelayedSlot.count * RelayedSlot.size))
    }
  }
}

extension Recovery {
  /// What other servers have taken, whether or not the log says so.
  mutating func readRelayed() throws(SpoolError) {
    do throws(DiskError) {
      guard let file = try folder.relayedFile(isMade: false) else { return }
      let size = min(Int(try folder.disk.status(file).size), RelayedSlot.count * RelayedSlot.size)
      guard size > 0 else { return }
      let bytes = try folder.disk.read(file, 0, size)
      let slots = stride(from: 0, to: bytes.count, by: RelayedSlot.size).compactMap { start in
        RelayedSlot(bytes[start..<min(start + RelayedSlot.size, bytes.count)], boot)
      }
      for slot in slots where agenda.entries[slot.id] != nil { note(slot.id, recipient: Int(slot.recipient), .relayed) }
      relayedSequence = slots.map(\.sequence).max().map { $0 &+ 1 } ?? 0
    } catch {
      throw .disk(error)
    }
  }
}
