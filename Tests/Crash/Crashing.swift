// SPDX-License-Identifier: Apache-2.0
import Embedded
import Mailbox
import Queue
import Runtime
import Spool
import Testing

/// Plays `script` once and judges every crash; answers the windows in which something came twice.
func crashEverywhere(
  on base: SimulatedDisk = .withMail(), singles: Int = 6, random: Int = 4, sent: [QueueID: World.Sent] = [:], accepted: Bool = false,
  isRelay: Bool = false, fault: SimulatedDisk.Fault? = nil, quota: MaildirQuota? = nil, _ script: (World) throws -> Void
) throws -> Set<Window> {
  let image = base.image
  let disk = SimulatedDisk(image, boot: base.bootID.low)
  disk.setFault(fault)
  let world = try World(disk, isRelay: isRelay, quota: quota)
  world.spool.begin()
  try script(world)
  let earlier = accepted ? sent.keys.map { World.Entry(step: 0, event: .accepted($0)) } : []
  let all = sent.merging(world.sent) { first, _ in first }
  return judgeEverywhere(disk, diary: earlier + world.diary, sent: all, singles: singles, random: random, quota: quota)
}

/// Judges every crash in the course of what was done on `disk`.
func judgeEverywhere(
  _ disk: SimulatedDisk, diary: [World.Entry], sent: [QueueID: World.Sent], singles: Int, random: Int, quota: MaildirQuota? = nil
) -> Set<Window> {
  var windows: Set<Window> = []
  disk.history().forEachMoment { moment in
    let cases = DiskHistory.subsets(of: moment.pendingCount, singles: singles, random: random, seed: UInt64(moment.number))
    for persisted in cases {
      let judge = Judge(diary: diary, sent: sent, step: moment.number, isPowerCut: true, quota: quota)
      accept(judge.judge(moment.afterPowerCut(seed: 7) { persisted[$0] }), &windows)
    }
    let judge = Judge(diary: diary, sent: sent, step: moment.number, isPowerCut: false, quota: quota)
    accept(judge.judge(moment.afterProcessDeath(seed: 8)), &windows)
  }
  return windows
}

/// The machine or the process stops at every operation, and stops again while it recovers.
func crashTwice(_ world: World) throws -> Set<Window> {
  var windows: Set<Window> = []
  try world.disk.history().forEachMoment { moment in
    let seed = UInt64(moment.number)
    let persisted = DiskHistory.subsets(of: moment.pendingCount, singles: 0, random: 1, seed: seed).last ?? []
    let judge = Judge(diary: world.diary, sent: world.sent, step: moment.number, isPowerCut: true, quota: world.quota)
    try crashAgain(moment.afterProcessDeath(seed: 5), judge, &windows)
    try crashAgain(moment.afterPowerCut(seed: 5) { persisted[$0] }, judge, &windows)
  }
  return windows
}

/// Recovers on `disk` and judges crashes in the course of it, of the machine and of the process.
private func crashAgain(_ disk: SimulatedDisk, _ judge: Judge, _ windows: inout Set<Window>) throws {
  _ = judge.judge(disk)
  disk.history().forEachMoment { moment in
    guard moment.number % 3 == 0 else { return }
    for persisted in DiskHistory.subsets(of: moment.pendingCount, singles: 1, random: 1, seed: UInt64(moment.number)) {
      accept(judge.judge(moment.afterPowerCut(seed: 9) { persisted[$0] }), &windows)
    }
    accept(judge.judge(moment.afterProcessDeath(seed: 10)), &windows)
  }
}

/// At every operation the process dies, the next one starts, and the power goes when it has started, or `early` anywhere in its start.
func dieThenCut(_ world: World, early: Bool) throws -> Set<Window> {
  var windows: Set<Window> = []
  try world.disk.history().forEachMoment { moment in
    let judge = Judge(diary: world.diary, sent: world.sent, step: moment.number, isPowerCut: true, quota: world.quota)
    let second = try World(moment.afterProcessDeath(seed: 5), quota: world.quota)
    second.spool.begin()
    second.run()
    let history = second.disk.history()
    history.forEachMoment { last in
      guard early || last.number == history.count else { return }
      for persisted in DiskHistory.subsets(of: last.pendingCount, singles: early ? .max : 3, random: 1, seed: UInt64(moment.number)) {
        accept(judge.judge(last.afterPowerCut(seed: 6) { persisted[$0] }), &windows)
      }
    }
  }
  return windows
}

private func accept(_ verdict: Judge.Verdict, _ windows: inout Set<Window>) {
  for fault in verdict.faults { Issue.record(Comment(rawValue: fault)) }
  windows.formUnion(verdict.windows)
}

extension SimulatedDisk {
  /// A disk with a folder for mailboxes that has long been there.
  static func withMail() -> SimulatedDisk {
    let disk = SimulatedDisk()
    try? disk.makeDirectory("mail", at: nil, mode: 0o700)
    return SimulatedDisk(disk.image)
  }

  /// After a power cut before which everything had reached the platters.
  func restarted() -> SimulatedDisk { SimulatedDisk(image, boot: bootID.low + 1) }
}

extension World {
  /// Hands in a message that cannot be delivered for a long time.
  func park(_ content: [UInt8], _ address: String) throws {
    send(content, [.virtual(address)])
    run()
    for message in spool.takeReadyNow(worker: 0, max: 1) {
      let reason = Reason(status: "4.2.2", text: "mailbox full")
      spool.note(message.id, recipient: 0, .deferred(Deferral(until: clock.now + 1_000_000_000, reason: reason)))
      spool.attemptEnded(message.id)
    }
    run()
  }
}
