// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Queue
import Runtime
import Testing

@testable import Spool

@Suite struct DeliveryQueueTests {
  private let reason = Reason(status: "4.2.2", text: "mailbox full")

  @Test func aDeferredMessageComesBackAtItsTime() throws {
    let time = ManualTime()
    let witness = Witness()
    let spool = try openSpool(SimulatedDisk(), time, witness)
    let id = spool.put(text(1), to: ["a@example.com", "b@example.com"], witness)
    spool.run()
    #expect(spool.takeReadyNow(worker: 0, max: 1).first?.due == [DueRecipient(index: 0, replay: .none), DueRecipient(index: 1, replay: .none)])
    spool.note(id, recipient: 0, .deferred(Deferral(until: time.now + 10_000_000, reason: reason)))
    spool.note(id, recipient: 1, .deferred(Deferral(until: time.now + 20_000_000, reason: reason)))
    spool.attemptEnded(id)
    spool.run()
    time.advance(seconds: 9)
    #expect(spool.takeReadyNow(worker: 0, max: 1).isEmpty)
    time.advance(seconds: 1)
    let again = try #require(spool.takeReadyNow(worker: 0, max: 1).first)
    // An attempt that failed may have left a file.
    #expect(again.due == [DueRecipient(index: 0, replay: .renew)])
    #expect(try spool.read(again) == text(1))
  }

  @Test func aMessageForNobodyIsOverAtOnce() throws {
    let witness = Witness()
    let spool = try openSpool(SimulatedDisk(), ManualTime(), witness)
    spool.put(text(1), to: [], witness)
    try spool.relayAll()
    spool.run()
    try spool.relayAll()
    #expect(spool.count == 0)
  }

  @Test func anAttemptWithoutANoteIsRepeatedLater() throws {
    let time = ManualTime()
    let witness = Witness()
    let spool = try openSpool(SimulatedDisk(), time, witness)
    let id = spool.put(text(1), witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    spool.attemptEnded(id)
    spool.run()
    time.advance(seconds: 59)
    #expect(spool.takeReadyNow(worker: 0, max: 1).isEmpty)
    time.advance(seconds: 1)
    #expect(spool.takeReadyNow(worker: 0, max: 1).map(\.id) == [id])
  }

  @Test func whatWasDeliveredIsNotTriedAgain() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    let id = spool.put(text(1), to: ["a@example.com", "b@example.com"], witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    spool.note(id, recipient: 0, .stable)
    spool.note(id, recipient: 1, .deferred(Deferral(until: time.now, reason: reason)))
    spool.note(id, recipient: 0, .deferred(Deferral(until: time.now, reason: reason)))
    spool.note(id, recipient: 7, .stable)
    spool.attemptEnded(id)
    spool.run()
    #expect(spool.takeReadyNow(worker: 0, max: 1).first?.due.map(\.index) == [1])
    let next = try openSpool(disk.afterPowerCut(), time, witness)
    #expect(next.takeReadyNow(worker: 0, max: 1).first?.due == [DueRecipient(index: 1, replay: .verify)])
  }

  @Test func afterARestartFilesAreLookedFor() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = spool.put(text(1), to: ["a@example.com", "b@example.com"], witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    let boot = Boot(high: disk.bootID.high, low: disk.bootID.low)
    let volume = try spool.mailboxVolume(of: try disk.open("lane", at: nil, [.read, .directory], mode: 0))
    spool.note(id, recipient: 0, .delivered(Delivered(path: "p", name: "n", length: 5, crc: 6, boot: boot)), on: volume)
    spool.attemptEnded(id)
    spool.run()
    // Recipient 1 was left without a note: it waits a minute.
    let later = ManualTime(1_700_000_060_000_000)
    let same = try openSpool(disk.afterProcessDeath(), later, witness)
    #expect(same.takeReadyNow(worker: 0, max: 1).first?.due == [DueRecipient(index: 0, replay: .rewrite), DueRecipient(index: 1, replay: .renew)])
    let other = try openSpool(disk.afterPowerCut(), later, witness)
    #expect(other.takeReadyNow(worker: 0, max: 1).first?.due == [DueRecipient(index: 0, replay: .verify), DueRecipient(index: 1, replay: .verify)])
  }

  @Test func backlogAndNewMailTakeTurns() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let first = try openSpool(disk, ManualTime(), witness)
    let old = (0..<4).map { first.put(text($0), witness) }
    first.run()
    let spool = try openSpool(disk.afterPowerCut(), ManualTime(), witness)
    let new = (0..<4).map { spool.put(text($0), witness) }
    spool.run()
    let taken = spool.takeReadyNow(worker: 0, max: 4).map(\.id)
    #expect(taken == [old[0], new[0], old[1], new[1]])
  }

  @Test func contentIsDroppedWhenMemoryIsTightAndReadBack() throws {
    let witness = Witness()
    var settings = SpoolSettings.small
    settings.memoryLimit = 1000
    let spool = try openSpool(SimulatedDisk(), ManualTime(), witness, settings: settings)
    #expect(spool.memory.take(900))
    let id = spool.put(text(1, count: 800), witness)
    spool.run()
    let message = try #require(spool.takeReadyNow(worker: 0, max: 1).first)
    #expect(message.id == id)
    if case .memory = message.source { Issue.record("held in memory") }
    #expect(try spool.read(message) == text(1, count: 800))
  }

  @Test func theBudgetHasALimitOnBothSides() {
    let budget = MemoryBudget(limit: 10)
    #expect(budget.take(10))
    #expect(!budget.take(1))
    budget.giveBack(1)
    #expect(budget.take(1) && budget.used == 10)
  }

  // MARK: messages that kill

  private var strict: SpoolSettings {
    var settings = SpoolSettings.small
    settings.crashLimit = 2
    return settings
  }

  private func dieInDelivery(_ disk: SimulatedDisk, _ time: ManualTime, _ witness: Witness) throws -> (SimulatedDisk, [QueueID]) {
    let spool = try openSpool(disk, time, witness, settings: strict)
    spool.run()
    let taken = spool.takeReadyNow(worker: 0, max: 8).map(\.id)
    return (disk.afterProcessDeath(), taken)
  }

  @Test func aMessageThatTwiceTakesItsProcessDownIsHeld() throws {
    let time = ManualTime()
    let witness = Witness()
    let first = SimulatedDisk()
    let spool = try openSpool(first, time, witness, settings: strict)
    let ids = (0..<3).map { spool.put(text($0), witness) }
    spool.run()
    #expect(spool.takeReadyNow(worker: 0, max: 2).count == 2)
    // Both are suspects now, and are taken one by one.
    let (third, suspects) = try dieInDelivery(first.afterProcessDeath(), time, witness)
    #expect(suspects == [ids[0]])
    let last = try openSpool(third, time, witness, settings: strict)
    last.run()
    #expect(witness.reported.contains(.heldAfterCrashes(ids[0])))
    #expect(last.list().map(\.phase) == [.held, .ready, .ready])
    #expect(try last.relayAll().sorted() == [ids[1], ids[2]])
    // And it stays so.
    last.finish()
    let after = try openSpool(third.afterProcessDeath(), time, witness, settings: strict)
    #expect(after.list().map(\.phase) == [.held])
  }

  @Test func onlyDeathsInARowCount() throws {
    let time = ManualTime()
    let witness = Witness()
    var disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness, settings: strict)
    let id = spool.put(text(1), witness)
    spool.run()
    for _ in 0..<3 {
      let (dead, taken) = try dieInDelivery(disk.afterProcessDeath(), time, witness)
      #expect(taken == [id])
      let next = try openSpool(dead, time, witness, settings: strict)
      next.run()
      #expect(next.takeReadyNow(worker: 0, max: 8).first?.isSuspect == true)
      next.note(id, recipient: 0, .deferred(Deferral(until: time.now, reason: Reason(status: "4.2.1", text: "later"))))
      next.attemptEnded(id)
      next.run()
      _ = next.takeReadyNow(worker: 0, max: 0)
      disk = dead
    }
  }

  @Test func aPowerCutIsNoMessagesFault() throws {
    let time = ManualTime()
    let witness = Witness()
    var disk = SimulatedDisk()
    for _ in 0..<3 {
      let spool = try openSpool(disk, time, witness)
      if spool.count == 0 { spool.put(text(1), witness) }
      spool.run()
      #expect(spool.takeReadyNow(worker: 0, max: 8).count == 1)
      disk = disk.afterPowerCut { _ in true }
    }
    #expect(!witness.reported.contains { if case .heldAfterCrashes = $0 { true } else { false } })
  }

  @Test func aWorkerThatIsThroughIsNotBlamed() throws {
    let time = ManualTime()
    let witness = Witness()
    var disk = SimulatedDisk()
    for _ in 0..<3 {
      let spool = try openSpool(disk, time, witness)
      if spool.count == 0 { spool.put(text(1), witness) }
      spool.run()
      let message = try #require(spool.takeReadyNow(worker: 0, max: 8).first)
      spool.note(message.id, recipient: 0, .deferred(Deferral(until: time.now + 1, reason: reason)))
      spool.attemptEnded(message.id)
      spool.run()
      #expect(spool.takeReadyNow(worker: 0, max: 8).isEmpty)
      time.advance(seconds: 10)
      disk = disk.afterProcessDeath()
    }
    #expect(try openSpool(disk, time, witness).takeReadyNow(worker: 0, max: 8).first?.due.isEmpty == false)
    #expect(!witness.reported.contains { if case .heldAfterCrashes = $0 { true } else { false } })
  }

  // MARK: mailboxes that are made stable

  private func delivered(_ disk: SimulatedDisk, _ spool: Spool, _ witness: Witness) throws -> QueueID {
    let id = spool.put(text(1), witness)
    spool.run()
    _ = spool.takeReadyNow(worker: 0, max: 1)
    let volume = try spool.mailboxVolume(of: try disk.open("lane", at: nil, [.read, .directory], mode: 0))
    let delivered = Delivered(path: "p", name: "n", length: 5, crc: 6, boot: Boot(high: disk.bootID.high, low: disk.bootID.low))
    spool.note(id, recipient: 0, .delivered(delivered), on: volume)
    spool.attemptEnded(id)
    spool.run()
    return id
  }

  @Test func aMessageIsOverWhenItsFileIsStable() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    _ = try delivered(disk, spool, witness)
    spool.syncMailboxes(isDue: true)
    spool.run()
    #expect(spool.count == 1)
    time.advance(seconds: 2)
    spool.syncMailboxes(isDue: true)
    spool.run()
    #expect(spool.count == 0)
  }

  @Test func afterAFailedSyncTheFileIsWrittenAgain() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, ManualTime(), witness)
    let id = try delivered(disk, spool, witness)
    disk.setFault { _, operation, _ in operation == "syncfs" ? DiskError(code: DiskError.inputOutput, operation: operation) : nil }
    spool.syncMailboxes(isDue: false)
    #expect(witness.reported.contains { if case .mailboxSyncFailed = $0 { true } else { false } })
    let again = try #require(spool.takeReadyNow(worker: 0, max: 1).first)
    #expect(again.id == id && again.due == [DueRecipient(index: 0, replay: .rewrite)])
    #expect(try spool.read(again) == text(1))
    spool.note(id, recipient: 0, .stable)
    spool.attemptEnded(id)
    spool.run()
    #expect(spool.count == 0)
  }

  @Test func onOtherFileSystemsNothingIsLazy() throws {
    let disk = SimulatedDisk()
    let spool = try openSpool(disk)
    try disk.makeDirectory("nfs", at: nil, mode: 0o700)
    disk.mount("nfs", device: 9, kind: .other)
    let here = try spool.mailboxVolume(of: try disk.open("lane", at: nil, [.read, .directory], mode: 0))
    let there = try spool.mailboxVolume(of: try disk.open("nfs", at: nil, [.read, .directory], mode: 0))
    #expect(here.isLazy && !there.isLazy && there.device == 9)
  }

  @Test func tooLongPendingIsNotLazyAnyMore() throws {
    let time = ManualTime()
    let witness = Witness()
    let disk = SimulatedDisk()
    let spool = try openSpool(disk, time, witness)
    let folder = try disk.open("lane", at: nil, [.read, .directory], mode: 0)
    _ = try spool.mailboxVolume(of: folder)
    _ = try delivered(disk, spool, witness)
    time.advance(seconds: 32)
    #expect(try spool.mailboxVolume(of: folder).isLazy)
    time.advance(seconds: 1)
    #expect(try !spool.mailboxVolume(of: folder).isLazy)
  }

  @Test func tooMuchPendingIsNotLazyAnyMore() throws {
    let witness = Witness()
    let disk = SimulatedDisk()
    var settings = SpoolSettings.small
    settings.stableBytes = 3
    let spool = try openSpool(disk, ManualTime(), witness, settings: settings)
    let folder = try disk.open("lane", at: nil, [.read, .directory], mode: 0)
    #expect(try spool.mailboxVolume(of: folder).isLazy)
    _ = try delivered(disk, spool, witness)
    #expect(try spool.mailboxVolume(of: folder).isLazy)
    _ = try delivered(disk, spool, witness)
    #expect(try !spool.mailboxVolume(of: folder).isLazy)
    spool.syncMailboxes(isDue: true)
    #expect(try spool.mailboxVolume(of: folder).isLazy)
  }
}
