// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct SchedulerDoorTests {
  private let time = ManualTime()
  private let witness = Witness()
  private let reason = Reason(status: "4.4.1", text: "connection refused")

  private var settings: SpoolSettings {
    var settings = SpoolSettings.small
    settings.ownRoutes = .mailboxes
    return settings
  }

  private func open(_ disk: SimulatedDisk) throws -> Spool {
    let spool = try openSpool(disk, time, witness, settings: settings)
    spool.run()
    return spool
  }

  private func put(_ number: Int, _ routes: Recipient.Route..., in spool: Spool) -> QueueID {
    let id = spool.nextQueueID()
    let recipients = routes.enumerated().map { Recipient(address: "r\($0)@example.net", original: "r\($0)@example.net", route: $1) }
    let envelope = Envelope(sender: "from@example.org", arrival: time.now, host: "mx.example.com", recipients: recipients)
    spool.submit(IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(text(number))]))) { _ in }
    spool.run()
    return id
  }

  @Test func eachMessageHasOneDoorAlsoAfterAStart() throws {
    let disk = SimulatedDisk()
    let spool = try open(disk)
    let own = put(1, .virtual, .local, in: spool)
    let mixed = put(2, .virtual, .remote, in: spool)
    let remote = put(3, .remote, in: spool)
    let after = try open(disk.afterProcessDeath())
    for spool in [spool, after] {
      #expect(spool.takeReadyNow(worker: 0, max: 8).map(\.id) == [own])
      #expect(spool.takeScheduled(max: 8).map(\.id) == [mixed, remote])
    }
  }

  @Test func whatWaitsForItsTurnCanBeDeleted() throws {
    let spool = try open(SimulatedDisk())
    let ids = (0..<2).map { put($0, .remote, in: spool) }
    #expect(spool.takeScheduled(max: 8).count == 2)
    #expect(spool.begin(ids[0]))
    #expect(ids.allSatisfy { spool.delete($0) })
    spool.run()
    // The first is being tried.
    #expect(spool.list().map(\.id) == [ids[0]])
    #expect(!spool.begin(ids[1]))
    spool.attemptEnded(ids[0])
    spool.run()
    #expect(spool.count == 0)
  }

  @Test func onlyWhatIsTriedIsBlamedForADeath() throws {
    let disk = SimulatedDisk()
    let spool = try open(disk)
    let ids = (0..<600).map { put($0, .remote, in: spool) }
    while !spool.takeScheduled(max: 256).isEmpty {}
    spool.markAttempts(Array(ids[..<300]), worker: 3)
    spool.markAttempts([ids[5]], worker: 3)
    let once = disk.afterProcessDeath()
    let after = try open(once)
    #expect(after.takeScheduled(max: 8).allSatisfy { !$0.isSuspect })
    after.markAttempts(Array(ids[5..<8]), worker: 3)
    // Twice in a row: alone.
    let twice = try open(once.afterProcessDeath())
    let suspect = twice.takeScheduled(max: 8)
    #expect(suspect.map(\.id) == [ids[5]] && suspect.first?.isSuspect == true)
    #expect(twice.takeScheduled(max: 256).allSatisfy { !$0.isSuspect })
    spool.markAttempts([], worker: 3)
    #expect(try open(disk.afterProcessDeath()).takeScheduled(max: 8).count == 8)
  }

  @Test func whatAnotherServerHasTakenDoesNotGoThereAgain() throws {
    let disk = SimulatedDisk()
    let spool = try open(disk)
    let ids = [put(1, .remote, in: spool), put(2, .remote, .remote, in: spool), put(3, .remote, in: spool)]
    #expect(spool.takeScheduled(max: 8).count == 3)
    for id in ids[..<2] {
      #expect(spool.begin(id))
      spool.note(id, recipient: 0, .relayed)
    }
    // Nothing of that is in the log.
    let once = disk.afterProcessDeath()
    let after = try open(once)
    #expect(after.count == 2)
    #expect(after.takeScheduled(max: 8).map { $0.due.map(\.index) } == [[0], [1]])
    // Nor is it forgotten when the process dies again before it is.
    let twice = try openSpool(once.afterProcessDeath(), time, witness, settings: settings)
    #expect(twice.takeScheduled(max: 8).map { $0.due.map(\.index) } == [[0], [1]])
    // A power cut is another matter.
    #expect(try open(disk.afterPowerCut { _ in true }).count == 3)
  }

  @Test func slotsAreOfOneRunOfTheMachine() {
    let boot = Boot(high: 1, low: 2)
    let slot = RelayedSlot(id: QueueID(rawValue: 7), recipient: 3, sequence: .max)
    let bytes = slot.bytes(boot)
    #expect(bytes.count == RelayedSlot.size)
    #expect(RelayedSlot(bytes[...], boot) == slot)
    #expect(RelayedSlot(bytes[...], Boot(high: 1, low: 3)) == nil)
    #expect(RelayedSlot(bytes.dropLast(), boot) == nil)
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 1
      #expect(RelayedSlot(other[...], boot) == nil)
    }
  }

  @Test func whatWaitsForItsTurnMayBeMoved() throws {
    let disk = SimulatedDisk()
    let spool = try open(disk)
    let first = put(1, .remote, in: spool)
    // Found on disk, not in memory.
    let next = try open(disk.afterProcessDeath())
    let waiting = try #require(next.takeScheduled(max: 1).first)
    let fresh = put(2, .remote, in: next)
    let held = try #require(next.takeScheduled(max: 1).first).withoutContent(in: next)
    for number in 3..<2000 {
      let id = put(number, .remote, in: next)
      #expect(next.takeScheduled(max: 1).map(\.id) == [id])
      #expect(next.begin(id))
      next.note(id, recipient: 0, .relayed)
      next.attemptEnded(id)
    }
    next.run()
    #expect(next.count == 2)
    #expect(next.agenda.withLock { $0.segments.count } < 10)
    #expect(try next.read(waiting) == text(1))
    #expect(try next.read(held) == text(2))
    #expect(waiting.id == first && held.id == fresh)
    #expect(next.begin(first))
    next.note(first, recipient: 0, .deferred(Deferral(until: time.now + 1_000_000, reason: reason)))
    next.attemptEnded(first)
    next.run()
    #expect(next.list().map(\.phase) == [.deferred, .active])
  }
}
