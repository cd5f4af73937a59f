// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct LaneTests {
  @Test func theFirstThatNobodyHas() throws {
    let disk = SimulatedDisk()
    let first = try Lane.firstFree(in: "queue", disk: disk)
    let second = try Lane.firstFree(in: "queue", disk: disk)
    #expect((first.number, first.path) == (0, "queue"))
    #expect((second.number, second.path) == (1, "queue/lane-1"))
    #expect(throws: SpoolError.locked) { try Lane(1, in: "queue", disk: disk) }
    #expect(Lane.all(in: "queue", disk: disk) == [0, 1])
  }

  @Test func aLaneIsFreeWhenItsOwnerIsGone() throws {
    let disk = SimulatedDisk()
    do { _ = try Lane.firstFree(in: "queue", disk: disk) }
    #expect(try Lane.firstFree(in: "queue", disk: disk).number == 0)
  }

  @Test func namesThatAreNoLanes() throws {
    let disk = SimulatedDisk()
    _ = try Lane(0, in: "queue", disk: disk)
    for name in ["lane-", "lane-0", "lane-256", "lane-x", "lanes-3", "lane-7"] { try disk.makeDirectory("queue/\(name)", at: nil, mode: 0o700) }
    #expect(Lane.all(in: "queue", disk: disk) == [0, 7])
    #expect(Lane.all(in: "elsewhere", disk: disk) == [0])
  }

  /// Messages of two lanes differ in their ids, and a lane that was given up goes on where it was.
  @Test func idsOfLanes() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    let witness = Witness()
    let left = try open(0, disk, time)
    let right = try open(1, disk, time)
    let ids = [left.put(text(1), witness), right.put(text(2), witness)]
    #expect(ids.map(\.lane) == [0, 1])
    while left.runOnce() || right.runOnce() {}
    #expect(left.list().map(\.id) == [ids[0]])
    #expect(right.list().map(\.id) == [ids[1]])
  }

  @Test func roomIsGivenBack() throws {
    let disk = SimulatedDisk()
    let time = ManualTime()
    var last: QueueID?
    try disk.makeDirectory("queue", at: nil, mode: 0o700)
    do {
      let spool = try open(1, disk, time)
      last = spool.put(text(1), Witness())
      while spool.runOnce() {}
      #expect(!spool.isEmpty)
      #expect(spool.delete(try #require(last)))
      while spool.runOnce() {}
      #expect(spool.isEmpty)
      spool.finish()
      spool.removeSpares()
    }
    #expect(disk.image.names("queue/lane-1").filter { $0.hasPrefix("segment-") }.count == 1)
    // The clock went back: the segment that stayed knows better.
    let spool = try open(1, disk, ManualTime(1_600_000_000_000_000))
    #expect(spool.nextQueueID() > (try #require(last)))
  }

  private func open(_ lane: UInt8, _ disk: SimulatedDisk, _ time: ManualTime) throws -> Spool {
    let spool = try Spool(Lane(lane, in: "queue", disk: disk), disk: disk, settings: .small, clock: { time.now })
    spool.begin()
    return spool
  }
}
