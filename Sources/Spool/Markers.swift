// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// The file `delivering`: a page per worker with the ids it has in hand. It is never synced: it is there for the case that the process
/// dies and the machine does not. A page is valid only for the run of the machine that it names.
struct Marker {
  static let pageSize = 4096
  static let magic: UInt64 = 0x4B52_414D_5249_4557  // "WEIRMARK"

  static func bytes(_ ids: [QueueID], boot: Boot) -> [UInt8] {
    var words = [magic, boot.high, boot.low, UInt64(ids.count)] + ids.map(\.rawValue)
    words.append(UInt64(checksum(words)))
    return words.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }

  static func ids(_ page: UnsafeRawBufferPointer, boot: Boot) -> [QueueID] {
    let words = (0..<(page.count / 8)).map { UInt64(littleEndian: page.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    guard words.count > 4, words[0] == magic, words[1] == boot.high, words[2] == boot.low else { return [] }
    guard words[3] <= UInt64(Spool.mostTaken), words.count > 4 + Int(words[3]) else { return [] }
    let end = 4 + Int(words[3])
    guard words[end] == UInt64(checksum(Array(words[..<end]))) else { return [] }
    return words[4..<end].map(QueueID.init(rawValue:))
  }

  private static func checksum(_ words: [UInt64]) -> UInt32 {
    var crc = CRC32C()
    words.withUnsafeBytes { crc.update($0) }
    return crc.value
  }
}

extension Spool {
  func mark(_ worker: Int, _ taken: [Agenda.Taken]) { writeMarker(worker, taken.map(\.id)) }

  /// That a worker is through must be on record too: else the next death of the process would be blamed on these messages.
  func clearMarker(_ worker: Int) {
    let wasMarked = markers.withLock { $0.remove(worker) != nil }
    if wasMarked { writeMarker(worker, []) }
  }

  func clearMarkers() {
    for worker in markers.withLock({ $0.sorted() }) { clearMarker(worker) }
  }

  /// Without room for it there is no protection, but there is delivery.
  func writeMarker(_ worker: Int, _ ids: [QueueID]) {
    if !ids.isEmpty { _ = markers.withLock { $0.insert(worker) } }
    let bytes = Marker.bytes(ids, boot: boot)
    try? bytes.withPieces { (pieces) throws(DiskError) in
      try disk.write(folder.marker, pieces, offset: Int64(worker * Marker.pageSize))
    }
  }
}
