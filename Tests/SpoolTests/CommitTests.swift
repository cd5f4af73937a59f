// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct CommitTests {
  @Test func aCommittedMessageIsThereAfterAPowerCut() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put(text(1), witness)
    #expect(witness.outcome(id) == nil)
    spool.run()
    #expect(witness.outcome(id) == .committed)

    let next = try openSpool(disk.afterPowerCut(), ManualTime(), witness)
    #expect(next.list().map(\.id) == [id])
    #expect(try next.content(id) == text(1))
    #expect(try next.show(id)?.recipients.map(\.address) == ["a@example.com"])
  }

  @Test func oneSyncServesAllThatWait() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let before = disk.operationCount
    let ids = (0..<10).map { spool.put(text($0), witness) }
    spool.run()
    #expect(disk.operationCount - before == 2)
    #expect(ids.allSatisfy { witness.outcome($0) == .committed })
  }

  @Test func aRelayedMessageIsForgottenForGood() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put(text(1), witness)
    spool.run()
    #expect(try spool.relayAll() == [id])
    #expect(spool.count == 0)
    #expect(try openSpool(disk.afterPowerCut()).count == 0)
  }

  @Test func contentInSeveralPiecesComesBackWhole() throws {
    let disk = SimulatedDisk()
    let spool = try openSpool(disk)
    let id = spool.nextQueueID()
    let chunks = [ContentChunk(Array("Received: x\n".utf8)), ContentChunk([]), ContentChunk(text(3, count: 2000))]
    spool.submit(IncomingMessage(id: id, envelope: testEnvelope(), content: .memory(chunks))) { _ in }
    spool.run()
    #expect(try spool.content(id) == Array("Received: x\n".utf8) + text(3, count: 2000))
    #expect(try openSpool(disk.afterPowerCut()).content(id) == Array("Received: x\n".utf8) + text(3, count: 2000))
  }

  @Test func anEmptyContentIsAContent() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put([], witness)
    spool.run()
    #expect(try openSpool(disk.afterPowerCut()).content(id) == [])
  }

  @Test func aBigMessageHasItsOwnFile() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let content = text(9, count: 100_000)
    let id = try spool.putFile(content, witness)
    spool.run()
    #expect(witness.outcome(id) == .committed)
    let next = try openSpool(disk.afterPowerCut(), ManualTime(), witness)
    #expect(try next.content(id) == content)
    try next.relayAll()
    #expect(next.count == 0)
    #expect(disk.afterPowerCut().image.names("lane/big") == [id.description])
  }

  @Test func theFileOfAFinishedMessageGoes() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    _ = try spool.putFile(text(9, count: 10_000), witness)
    spool.run()
    #expect(disk.image.names("lane/big").count == 1)
    try spool.relayAll()
    #expect(disk.image.names("lane/big") == [])
  }

  @Test func aFileWithoutAMessageGoesAtTheStart() throws {
    let disk = SimulatedDisk()
    let spool = try openSpool(disk)
    let file = try spool.makeBigFile(spool.nextQueueID())
    try text(1).withPieces { (pieces) throws(DiskError) in try file.write(pieces) }
    _ = try file.finish()
    let witness = Witness()
    let second = disk.afterPowerCut()
    #expect(second.image.names("lane/big").count == 1)
    _ = try openSpool(second, ManualTime(), witness)
    #expect(second.image.names("lane/big") == [])
    #expect(witness.reported.contains { if case .removedOrphan = $0 { true } else { false } })
  }

  @Test func manySegmentsAreFilledAndUsedAgain() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    for number in 0..<300 {
      spool.put(text(number, count: 1500), witness)
      spool.run()
      if number % 10 == 9 { try spool.relayAll() }
    }
    #expect(spool.count == 0)
    let segments = disk.image.names("lane").filter { $0.hasPrefix("segment-") }
    #expect(segments.count <= 5)
    let next = try openSpool(disk.afterPowerCut(), ManualTime(), witness)
    #expect(next.count == 0)
    #expect(!witness.reported.contains { if case .damage = $0 { true } else { false } })
  }

  @Test func everyUseOfASegmentHasAGenerationOfItsOwn() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    var present: [String: UInt64] = [:]
    var seen: Set<UInt64> = []
    for number in 0..<200 {
      spool.put(text(number, count: 1500), witness)
      spool.run()
      try spool.relayAll()
      for name in disk.image.names("lane").filter({ $0.hasPrefix("segment-") }) {
        guard let header = try? SegmentHeader(Array(try #require(disk.image.file("lane/\(name)")).prefix(64))) else { continue }
        if present[name] != header.generation { #expect(seen.insert(header.generation).inserted) }
        present[name] = header.generation
      }
    }
    #expect(seen.count > 20)
  }

  @Test func aForgottenMessageDoesNotKeepTheLogFromMovingOn() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    let witness = Witness()
    let spool = try openSpool(disk, time, witness)
    let stuck = spool.put(text(0), to: ["x@example.com", "y@example.com"], witness)
    spool.run()
    let message = try #require(spool.takeReadyNow(worker: 0, max: 1).first)
    let reason = Reason(status: "4.2.2", text: "mailbox full")
    spool.note(stuck, recipient: 0, .deferred(Deferral(until: time.now + 1_000_000_000_000, reason: reason)))
    spool.note(stuck, recipient: 1, .relayed)
    spool.attemptEnded(message.id)
    for number in 1..<400 {
      spool.put(text(number, count: 1500), witness)
      spool.run()
      if number % 10 == 9 { try spool.relayAll() }
    }
    try spool.relayAll()
    #expect(disk.image.names("lane").filter { $0.hasPrefix("segment-") }.count < 12)
    let next = try openSpool(disk.afterPowerCut(), time, witness)
    let listing = try #require(next.list().first)
    #expect(next.count == 1)
    #expect(listing.recipients.map(\.state) == [.deferred(Deferral(until: time.now + 1_000_000_000_000, reason: reason)), .relayed])
    #expect(try next.content(stuck) == text(0))
  }

  @Test func idsAreNeverUsedAgain() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    let witness = Witness()
    let first = try openSpool(disk, time, witness)
    let ids = (0..<50).map { _ in first.nextQueueID() }
    #expect(Set(ids).count == 50)
    #expect(ids == ids.sorted())
    // The clock has gone back by the time the machine is up again.
    let second = try openSpool(disk.afterPowerCut(), ManualTime(time.now - 5_000_000), witness)
    let later = second.nextQueueID()
    #expect(ids.allSatisfy { $0 < later })
  }

  @Test func everyBatchClaimsIDsAnew() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    let start = time.now
    let witness = Witness()
    let first = try openSpool(disk, time, witness)
    time.advance(seconds: 7200)
    first.put(text(1), witness)
    first.run()
    let last = (0..<50).map { _ in first.nextQueueID() }.max()
    // The clock of the next run is back where the first run began.
    let second = try openSpool(disk.afterPowerCut(), ManualTime(start), witness)
    #expect(second.nextQueueID() > (try #require(last)))
    // Between two batches the ids stay within what is claimed, whatever the clock does.
    time.advance(seconds: 7200)
    let next = first.nextQueueID()
    #expect(next > (try #require(last)) && next < QueueID(microseconds: time.now, lane: 0))
  }

  @Test func twoLanesShareNoID() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    let first = try Spool(folder: "0", lane: 0, disk: disk, settings: .small, clock: { time.now })
    let second = try Spool(folder: "1", lane: 1, disk: disk, settings: .small, clock: { time.now })
    first.begin()
    second.begin()
    let ids = (0..<20).flatMap { _ in [first.nextQueueID(), second.nextQueueID()] }
    #expect(Set(ids).count == 40)
  }

  @Test func aLockedLaneIsLeftAlone() throws {
    let disk = SimulatedDisk()
    let first = try openSpool(disk)
    #expect(throws: SpoolError.locked) { try makeSpool(disk) }
    withExtendedLifetime(first) {}
  }

  @Test func theLockGoesWithTheSpool() throws {
    let disk = SimulatedDisk()
    do {
      let spool = try openSpool(disk)
      spool.finish()
    }
    #expect(throws: Never.self) { try makeSpool(disk) }
  }
}

extension SimulatedDisk {
  /// Everything that was not synced is lost.
  func afterPowerCut(_ persists: (Int) -> Bool = { _ in false }) -> SimulatedDisk {
    var last: SimulatedDisk = self
    history().forEachMoment { moment in
      if moment.number == stepCount { last = moment.afterPowerCut(persists) }
    }
    return last
  }

  func afterProcessDeath() -> SimulatedDisk {
    var last: SimulatedDisk = self
    history().forEachMoment { moment in
      if moment.number == stepCount { last = moment.afterProcessDeath() }
    }
    return last
  }
}
