// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

/// A medium that changes what was once synced. Nothing else may be lost by it, and it must be told.
@Suite struct DamageTests {
  /// Four messages in batches of their own, each of one page, behind the opening batch.
  private func filled() throws -> (image: DiskImage, ids: [QueueID], segment: String) {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let ids = (0..<4).map { number in
      let id = spool.put(text(number, count: 3000), witness)
      spool.run()
      return id
    }
    let image = disk.image
    let segment = try #require(
      image.names("lane").first { name in name.hasPrefix("segment-") && image.file("lane/\(name)")?.contains { $0 != 0 } == true })
    return (image, ids, "lane/\(segment)")
  }

  private func page(_ number: Int) -> Int64 { Int64(SegmentHeader.area + (number + 1) * BatchHead.alignment) }

  private func reopen(_ image: DiskImage) throws -> (Spool, [SpoolEvent], SimulatedDisk) {
    let disk = SimulatedDisk(image, boot: 2)
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    return (spool, witness.reported, disk)
  }

  private func isDamage(_ event: SpoolEvent) -> Bool { if case .damage = event { true } else { false } }

  @Test(arguments: 0..<4) func aBrokenBatchHead(victim: Int) throws {
    var (image, ids, segment) = try filled()
    image.damage(segment, at: page(victim) + 20)
    let (spool, events, _) = try reopen(image)
    // The records behind the head are whole and still count; with the last batch nobody can tell harm from a torn write.
    #expect(spool.list().map(\.id) == (victim == 3 ? Array(ids.prefix(3)) : ids))
    #expect(events.contains(where: isDamage) == (victim != 3))
  }

  @Test(arguments: 0..<3) func aBrokenMessageRecord(victim: Int) throws {
    var (image, ids, segment) = try filled()
    image.damage(segment, at: page(victim) + 100)
    let (spool, events, disk) = try reopen(image)
    #expect(spool.list().map(\.id) == ids.enumerated().filter { $0.offset != victim }.map(\.element))
    #expect(events.contains(where: isDamage))
    // What is left of it stays for a person to look at, and out of the way.
    try spool.relayAll()
    #expect(disk.image.names("lane").contains { $0.hasPrefix("damaged-") })
    #expect(try reopen(disk.image).1.contains(where: isDamage) == false)
  }

  @Test(arguments: 0..<3) func aBrokenContent(victim: Int) throws {
    var (image, ids, segment) = try filled()
    image.damage(segment, at: page(victim) + 2000)
    let (spool, _, _) = try reopen(image)
    #expect(spool.list().map(\.id) == ids)
    for (number, id) in ids.enumerated() {
      if number == victim {
        #expect(throws: SpoolError.damaged(id)) { try spool.content(id) }
      } else {
        #expect(try spool.content(id) == text(number, count: 3000))
      }
    }
  }

  @Test func aTornContentInTheLastBatchIsNoMessage() throws {
    var (image, ids, segment) = try filled()
    image.damage(segment, at: page(3) + 2000)
    let (spool, events, _) = try reopen(image)
    #expect(spool.list().map(\.id) == Array(ids.prefix(3)))
    #expect(events.contains { if case .tornTail = $0 { true } else { false } })
  }

  @Test func oneBrokenHeaderCopyIsNotNeeded() throws {
    for copy in SegmentHeader.copies {
      var (image, ids, segment) = try filled()
      image.damage(segment, at: Int64(copy) + 20)
      let (spool, events, _) = try reopen(image)
      #expect(spool.list().map(\.id) == ids)
      #expect(!events.contains(where: isDamage))
    }
  }

  @Test func aSegmentWithoutAHeaderIsKeptAside() throws {
    var (image, _, segment) = try filled()
    for copy in SegmentHeader.copies { image.damage(segment, at: Int64(copy) + 20) }
    let (spool, events, disk) = try reopen(image)
    #expect(spool.count == 0)
    #expect(events.contains(where: isDamage))
    #expect(disk.image.names("lane").contains { $0.hasPrefix("damaged-") })
  }

  @Test func aMessageWithoutItsFileIsHeldAndTold() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = try spool.putFile(text(1, count: 9000), witness)
    spool.run()
    var image = disk.image
    image.remove("lane/big/\(id)")
    let (next, _, _) = try reopen(image)
    #expect(throws: SpoolError.damaged(id)) { try next.content(id) }
    #expect(next.list().map(\.id) == [id])
  }

  @Test func aLaterFormatIsLeftAlone() throws {
    let (image, _, segment) = try filled()
    let disk = SimulatedDisk(image, boot: 2)
    var bytes = SegmentHeader(generation: 1, isEmpty: false, mark: QueueID(rawValue: 0)).bytes()
    bytes[8] = SegmentHeader.version + 1
    var crc = CRC32C()
    crc.update(Array(bytes[..<60]))
    for index in 0..<4 { bytes[60 + index] = UInt8(truncatingIfNeeded: crc.value >> (8 * UInt32(index))) }
    let handle = try disk.open(segment, at: nil, [.write], mode: 0)
    for copy in SegmentHeader.copies {
      try bytes.withPieces { (pieces) throws(DiskError) in try disk.write(handle, pieces, offset: Int64(copy)) }
    }
    let name = String(segment.dropFirst("lane/".count))
    #expect(throws: SpoolError.unknownFormat(file: name)) { try makeSpool(disk) }
  }

  /// A mail that carries the bytes of a good segment inside must not become messages.
  @Test func recordsInAMailAreText() throws {
    let (image, _, segment) = try filled()
    let forged = Array(try #require(image.file(segment))[8192..<20480])
    let disk = SimulatedDisk()
    let witness = Witness()
    var settings = SpoolSettings.small
    settings.segmentSize = 128 << 10
    settings.bigMessageSize = 16 << 10
    let spool = try openSpool(disk, ManualTime(), witness, settings: settings)
    let id = spool.put(forged, witness)
    spool.run()
    var harmed = disk.image
    let own = try #require(harmed.names("lane").first { $0.hasPrefix("segment-") && harmed.file("lane/\($0)")?.first != 0 })
    // Damage in front of it makes the scan look at every place.
    harmed.damage("lane/\(own)", at: Int64(SegmentHeader.area) + 20)
    let next = try openSpool(SimulatedDisk(harmed, boot: 2), ManualTime(), witness, settings: settings)
    #expect(next.list().map(\.id) == [id])
  }
}
