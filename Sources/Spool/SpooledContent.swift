// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// A content on disk, read back and checked. Without a segment it has a file of its own.
final class SpooledContent: Sendable {
  let id: QueueID
  let folder: SpoolFolder
  private let segment: SegmentFile?
  let place: ContentPlace
  private let report: @Sendable (SpoolEvent) -> Void
  /// Where it is looked for when it is read, if its place is not known: it may have been moved until then.
  private let spool: Spool?

  /// Of a message in `spool`, wherever it is when it is read.
  init(id: QueueID, length: Int64, in spool: Spool) {
    self.id = id
    folder = spool.folder
    segment = nil
    place = ContentPlace(isFile: false, offset: 0, length: length, crc: 0)
    report = spool.report
    self.spool = spool
  }

  init(
    id: QueueID, folder: SpoolFolder, segment: SegmentFile?, place: ContentPlace, report: @escaping @Sendable (SpoolEvent) -> Void
  ) {
    self.id = id
    self.folder = folder
    self.segment = segment
    self.place = place
    self.report = report
    spool = nil
  }

  static let blockSize = 256 * 1024

  func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(SpoolError) {
    if let spool {
      guard try spool.withContent(id, body) else { throw .missing(id) }
      return
    }
    var crc = CRC32C()
    do throws(DiskError) {
      if place.isFile { try readFile(&crc, body) } else { try readSegment(&crc, body) }
    } catch {
      if error.isMissing { throw damaged() }
      throw .disk(error)
    }
    guard crc.value == place.crc else { throw damaged() }
  }

  func damaged() -> SpoolError {
    report(.damagedMessage(id))
    return .damaged(id)
  }

  /// Checked before it is passed on, because the whole of it is in memory anyway.
  private func readSegment(_ crc: inout CRC32C, _ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
    guard let segment, place.length <= Int64(segment.size) else { return }
    let bytes = try segment.read(place.offset, Int(place.length))
    crc.update(bytes)
    if crc.value == place.crc { try bytes.withPieces(body) }
  }

  private func readFile(_ crc: inout CRC32C, _ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
    let disk = folder.disk
    let handle = try disk.open(id.description, at: folder.big, [.read], mode: 0)
    defer { try? disk.close(handle) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockSize, alignment: 16)
    defer { buffer.deallocate() }
    var offset: Int64 = 0
    while offset < place.length {
      let wanted = Int(min(Int64(buffer.count), place.length - offset))
      let count = try disk.read(handle, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), offset: offset)
      let block = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      crc.update(block)
      try body([block])
      offset += Int64(count)
      // A file cut short: its CRC will tell.
      if count < wanted { return }
    }
  }
}
