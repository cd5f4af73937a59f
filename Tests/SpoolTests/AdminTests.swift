// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct AdminTests {
  @Test func theListTellsWhatWaitsAndWhy() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    let first = spool.put(text(1), to: ["a@example.com", "b@example.com"], witness)
    let second = spool.put(text(2), witness)
    spool.run()
    let taken = spool.takeReadyNow(worker: 0, max: 1)
    #expect(taken.map(\.id) == [first])
    let reason = Reason(status: "4.2.2", text: "mailbox full")
    spool.note(first, recipient: 0, .deferred(Deferral(until: time.now + 5_000_000, reason: reason)))
    spool.note(first, recipient: 1, .relayed)
    #expect(spool.list().map(\.phase) == [.active, .ready])
    spool.attemptEnded(first)
    spool.run()
    for spool in [spool, try makeSpool(disk.afterPowerCut(), time)] {
      let list = spool.list()
      #expect(list.map(\.id) == [first, second])
      #expect(list.map(\.phase) == [.deferred, .ready])
      #expect(list[0].recipients.map(\.state) == [.deferred(Deferral(until: time.now + 5_000_000, reason: reason)), .relayed])
      #expect(list[0].nextAttempt == time.now + 5_000_000)
      #expect(list[0].sender == "from@example.org" && list[0].size == Int64(text(1).count))
      #expect(spool.list(after: first).map(\.id) == [second])
      #expect(spool.list(limit: 1).map(\.id) == [first])
    }
  }

  @Test func lookingChangesNothing() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    spool.put(text(1), witness)
    spool.run()
    let second = disk.afterPowerCut()
    let before = second.stepCount
    let look = try makeSpool(second)
    #expect(look.list().count == 1)
    #expect(second.stepCount == before)
  }

  @Test func aDeletedMessageIsGoneForGood() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let spool = try openSpool(disk, ManualTime(), witness)
    let ids = (0..<3).map { spool.put(text($0), witness) }
    spool.run()
    #expect(spool.delete(ids[1]))
    #expect(spool.flush())
    #expect(!spool.delete(ids[1]))
    #expect(spool.list().map(\.id) == [ids[0], ids[2]])
    #expect(spool.takeReadyNow(worker: 0, max: 9).map(\.id) == [ids[0], ids[2]])
    #expect(try makeSpool(disk.afterPowerCut()).list().map(\.id) == [ids[0], ids[2]])
  }

  @Test func aMessageInDeliveryIsDeletedAtItsEnd() throws {
    let witness = Witness()
    let spool = try openSpool(SimulatedDisk(), ManualTime(), witness)
    let id = spool.put(text(1), witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    #expect(spool.delete(id))
    spool.run()
    #expect(spool.count == 1)
    spool.attemptEnded(id)
    spool.run()
    #expect(spool.count == 0)
  }

  @Test func theDeadDaemonsQueueIsCleared() throws {
    let disk = SimulatedDisk()
    let witness = Witness()
    let first = try openSpool(disk, ManualTime(), witness)
    let id = first.put(text(1), witness)
    first.run()
    let second = disk.afterProcessDeath()
    do {
      let spool = try makeSpool(second)
      spool.begin()
      #expect(spool.delete(id))
      #expect(spool.flush())
      spool.finish()
    }
    #expect(try makeSpool(second).count == 0)
  }

  @Test func aHeldMessageWaitsForItsRelease() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    let id = spool.put(text(1), witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    spool.note(id, recipient: 0, .held(Reason(status: "5.1.1", text: "unknown user")))
    spool.attemptEnded(id)
    spool.run()
    time.advance(seconds: 1_000_000)
    #expect(spool.list().map(\.phase) == [.held])
    #expect(spool.takeReadyNow(worker: 0, max: 1).isEmpty)
    let next = try openSpool(disk.afterPowerCut(), time, witness)
    #expect(next.takeReadyNow(worker: 0, max: 1).isEmpty)
    #expect(try next.release(id))
    #expect(try next.relayAll() == [id])
    #expect(try !next.release(id))
  }

  /// Whoever asks for the next attempt, or for none, as the last one ends: what that has noted reaches the disk between the question and the answer.
  @Test(arguments: [false, true]) func whatAnotherServerHasTakenIsNotSentAgain(isHeldFirst: Bool) throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    let id = spool.put(text(1), to: ["a@example.com", "b@example.com"], witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    spool.note(id, recipient: 0, .relayed)
    spool.note(id, recipient: 1, .deferred(Deferral(until: time.now + 5_000_000, reason: Reason(status: "4.3.0", text: "later"))))
    spool.noteWarning(id)
    spool.attemptEnded(id)
    disk.afterNextRead { spool.run() }
    if isHeldFirst { #expect(try spool.hold(id, Reason(status: "4.7.0", text: "held"))) }
    #expect(try spool.release(id))
    let taken = spool.takeReadyNow(worker: 0, max: 1)
    #expect(taken.map { $0.due.map(\.index) } == [[1]])
    #expect(taken.map(\.isWarned) == [true])
    // Nor is it after a crash.
    spool.run()
    let next = try openSpool(disk.afterPowerCut(), time, witness)
    #expect(next.takeReadyNow(worker: 0, max: 1).map { $0.due.map(\.index) } == [[1]])
  }

  /// What a hold wrote is on the disk, and nothing else remembers the warning.
  @Test func aHoldKeepsThatTheSenderWasWarned() throws {
    let (time, witness) = (ManualTime(), Witness())
    let spool = try openSpool(SimulatedDisk(), time, witness)
    let id = spool.put(text(1), witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    spool.note(id, recipient: 0, .deferred(Deferral(until: time.now + 5_000_000, reason: Reason(status: "4.3.0", text: "later"))))
    spool.noteWarning(id)
    spool.attemptEnded(id)
    spool.run()
    #expect(try spool.hold(id, Reason(status: "4.7.0", text: "held")))
    spool.run()
    #expect(try spool.release(id))
    #expect(spool.takeReadyNow(worker: 0, max: 1).map(\.isWarned) == [true])
  }

  @Test func anUnknownMessageIsNone() throws {
    let spool = try openSpool(SimulatedDisk())
    let id = spool.nextQueueID()
    #expect(try spool.show(id) == nil)
    #expect(try spool.content(id) == nil)
    #expect(try spool.envelope(id) == nil)
    #expect(!spool.delete(id))
  }
}
