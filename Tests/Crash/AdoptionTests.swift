// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Spool
import Testing

/// Two lanes on one disk, delivering into the same mailboxes, and what one process has left adopted by another: the machine is stopped after
/// each disk operation of both, and all processes after each of them.
@Suite(.timeLimit(.minutes(5))) struct AdoptionTests {
  /// What the processes of a script have seen, one after the other.
  private struct Record {
    var diary: [World.Entry] = []
    var sent: [QueueID: World.Sent] = [:]

    mutating func add(_ world: World) {
      diary += world.diary
      sent.merge(world.sent) { first, _ in first }
    }

    func judge(_ disk: SimulatedDisk) -> Set<Window> { judgeEverywhere(disk, diary: diary, sent: sent, singles: 4, random: 3) }
  }

  /// With a queue that has long been there.
  private func disk() throws -> SimulatedDisk {
    let disk = SimulatedDisk.withMail()
    try disk.makeDirectory(World.queue, at: nil, mode: 0o700)
    return SimulatedDisk(disk.image)
  }

  private func begin(_ disk: SimulatedDisk, lane: UInt8) throws -> World {
    let world = try World(disk, lane: lane)
    world.spool.begin()
    return world
  }

  /// One message is delivered and not yet stable, one is not delivered. Letting go of the world lets go of its lock.
  private func leaveMail(_ disk: SimulatedDisk, _ record: inout Record, isKilled: Bool) throws {
    let old = try begin(disk, lane: 0)
    old.send(text(1), [.virtual("a"), .virtual("b")])
    old.run()
    old.agent.deliverReady()
    if !isKilled { old.run() }
    old.send(text(2), [.virtual("a")])
    old.run()
    if !isKilled { old.spool.finish() }
    record.add(old)
  }

  private func adopt(_ disk: SimulatedDisk, beside next: World, _ record: inout Record) throws {
    let adopted = try begin(disk, lane: 0)
    next.send(text(4), [.virtual("a")])
    next.run()
    adopted.deliver()
    next.deliver()
    adopted.makeStable()
    adopted.spool.finish()
    adopted.spool.removeSpares()
    record.add(adopted)
  }

  @Test(arguments: [false, true]) func aLaneIsAdopted(isKilled: Bool) throws {
    let disk = try disk()
    var record = Record()
    let next = try begin(disk, lane: 1)
    try leaveMail(disk, &record, isKilled: isKilled)
    next.send(text(3), [.virtual("a")])
    next.run()
    try adopt(disk, beside: next, &record)
    next.makeStable()
    record.add(next)
    #expect(record.judge(disk) == [.answerLost])
    #expect(try World(disk).spool.count == 0)
  }

  /// The process that had adopted it dies too, and a third one goes on.
  @Test func anAdoptedLaneIsAdoptedAgain() throws {
    let disk = try disk()
    var record = Record()
    try leaveMail(disk, &record, isKilled: true)
    do {
      let second = try begin(disk, lane: 0)
      second.agent.deliverReady()
      record.add(second)
    }
    let next = try begin(disk, lane: 1)
    try adopt(disk, beside: next, &record)
    next.deliver()
    next.makeStable()
    record.add(next)
    #expect(record.judge(disk) == [.answerLost])
  }

  /// The next to accept into a lane that was left empty.
  @Test func anEmptyLaneIsUsedAgain() throws {
    let disk = try disk()
    var record = Record()
    for number in 0..<3 {
      let world = try begin(disk, lane: 1)
      world.send(text(number), [.virtual("a")])
      world.run()
      world.deliver()
      world.makeStable()
      world.spool.finish()
      world.spool.removeSpares()
      record.add(world)
    }
    #expect(record.sent.count == 3)
    #expect(record.judge(disk) == [.answerLost])
  }
}
