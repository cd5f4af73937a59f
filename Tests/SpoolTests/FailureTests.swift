// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct FailureTests {
  private func failing(_ operation: String, _ code: Int32, times: Int = 1) -> SimulatedDisk.Fault {
    let left = Monitor(times)
    return { _, name, path in
      guard name == operation,
        left.withLock({
          $0 -= 1; return $0 >= 0
        })
      else { return nil }
      return DiskError(code: code, operation: name, path: path)
    }
  }

  @Test func aFailedSyncIsARefusalAndTheNextMessageIsTaken() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, ManualTime(), witness)
    let kept = spool.put(text(0), witness)
    spool.run()
    disk.setFault(failing("fdatasync", DiskError.inputOutput))
    let refused = spool.put(text(1), witness)
    spool.run()
    if case .localError = witness.outcome(refused) {} else { Issue.record("\(String(describing: witness.outcome(refused)))") }
    let next = spool.put(text(2), witness)
    spool.run()
    #expect(witness.outcome(next) == .committed)
    #expect(spool.list().map(\.id) == [kept, next])
    // Whatever the platters have of it.
    #expect(try openSpool(disk.afterPowerCut()).list().map(\.id) == [kept, next])
    #expect(try openSpool(disk.afterPowerCut { _ in true }).list().map(\.id) == [kept, next])
  }

  @Test func whileNothingCanBeWrittenAllIsRefusedAndNothingPilesUp() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    disk.setFault(failing("fdatasync", DiskError.inputOutput, times: .max))
    for number in 0..<50 {
      let id = spool.put(text(number), witness)
      spool.run()
      #expect(witness.outcome(id) != .committed && witness.outcome(id) != nil)
    }
    #expect(disk.image.names("lane").filter { $0.hasPrefix("segment-") }.count < 6)
    disk.setFault(nil)
    time.advance(seconds: 100)
    let id = spool.put(text(99), witness)
    spool.run()
    #expect(witness.outcome(id) == .committed)
    #expect(try openSpool(disk.afterPowerCut()).list().map(\.id) == [id])
  }

  @Test func aFullDiskIsSaidSoAndPasses() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    disk.setSpace(0)
    var taken: [QueueID] = []
    var refusals = 0
    for number in 0..<40 {
      let id = spool.put(text(number, count: 3000), witness)
      spool.run()
      switch witness.outcome(id) {
      case .committed: taken.append(id)
      case .insufficientStorage: refusals += 1
      default: Issue.record("\(String(describing: witness.outcome(id)))")
      }
    }
    #expect(taken.count > 4 && refusals > 4)
    #expect(witness.reported.filter { if case .refusing = $0 { true } else { false } }.count == 1)
    // What was taken can still be delivered, ended and counted.
    #expect(try spool.relayAll() == taken)
    #expect(spool.count == 0)
    #expect(try openSpool(disk.afterPowerCut()).count == 0)
    let id = spool.put(text(99), witness)
    spool.run()
    #expect(witness.outcome(id) == .committed)
    #expect(witness.reported.contains(.accepting))
  }

  @Test func aReadOnlyDiskIsALocalError() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    disk.setFault { _, name, path in DiskError(code: DiskError.readOnly, operation: name, path: path) }
    let refused = spool.put(text(1), witness)
    spool.run()
    if case .localError = witness.outcome(refused) {} else { Issue.record("\(String(describing: witness.outcome(refused)))") }
    disk.setFault(nil)
    time.advance(seconds: 100)
    let id = spool.put(text(2), witness)
    spool.run()
    #expect(witness.outcome(id) == .committed)
  }

  @Test func aSpoolThatCannotBeOpenedForWritingIsLookedAt() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put(text(1), witness)
    spool.run()
    let second = disk.afterPowerCut()
    second.setReadOnly(true)
    let look = try openSpool(second, ManualTime(), witness)
    #expect(look.list().map(\.id) == [id])
    let refused = look.put(text(2), witness)
    look.run()
    if case .localError = witness.outcome(refused) {} else { Issue.record("\(String(describing: witness.outcome(refused)))") }
  }

  @Test func anEnvelopeThatNoSegmentTakesIsRefused() throws {
    let witness = Witness()
    let spool = try openSpool(SimulatedDisk(), ManualTime(), witness)
    let many = (0..<2000).map { "recipient-number-\($0)@example.com" }
    let id = spool.put(text(1), to: many, witness)
    let next = spool.put(text(2), witness)
    spool.run()
    #expect(witness.outcome(id) == .localError(cause: "envelope too large for a segment"))
    #expect(witness.outcome(next) == .committed)
  }

  @Test func segmentsMustTakeTheLargestMessage() {
    var settings = SpoolSettings.small
    settings.segmentSize = SegmentHeader.area + 4 * (settings.bigMessageSize + 4096)
    #expect(throws: Never.self) { try makeSpool(SimulatedDisk(), settings: settings) }
    settings.segmentSize -= 1
    #expect(throws: SpoolError.tooLarge) { try makeSpool(SimulatedDisk(), settings: settings) }
  }

  @Test func segmentsOfAnotherSizeAreEmptiedAndRemoved() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put(text(1), witness)
    spool.run()
    var settings = SpoolSettings.small
    settings.segmentSize = 64 << 10
    let second = disk.afterPowerCut()
    let next = try openSpool(second, ManualTime(), witness, settings: settings)
    #expect(try next.relayAll() == [id])
    next.run()
    let image = second.image
    let sizes = Set(image.names("lane").filter { $0.hasPrefix("segment-") }.map { image.file("lane/\($0)")?.count })
    #expect(sizes == [64 << 10])
  }
}
