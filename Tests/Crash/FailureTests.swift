// SPDX-License-Identifier: Apache-2.0
import Embedded
import Mailbox
import Queue
import Runtime
import Spool
import Testing

/// Scripts are played with one operation failing, once for each; afterwards the process dies or the power goes, and the usual is expected.
@Suite(.timeLimit(.minutes(5))) struct FailureTests {
  /// What a file system says of a dying medium.
  @Test func everyOperationFailsOnce() throws {
    let windows = try failEverywhere(DiskError.inputOutput, for: 1, Self.script)
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }

  @Test func theDiskIsFullForAWhile() throws {
    let windows = try failEverywhere(DiskError.full, for: 5, Self.script)
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }

  @Test func theDiskIsReadOnlyForAWhile() throws {
    let windows = try failEverywhere(DiskError.readOnly, for: 12, Self.script)
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }

  @Test func theDiskIsReadOnlyForGood() throws {
    let windows = try failEverywhere(DiskError.readOnly, for: .max, Self.script)
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }

  /// A failed sync of the log while the crash can come anywhere.
  @Test func aFailedSyncAndACrash() throws {
    let windows = try crashEverywhere(fault: failing("fdatasync", at: 3)) { world in
      for number in 0..<6 {
        world.send(text(number), [.virtual("a")])
        world.run()
      }
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost, .refusedButKept])
  }

  /// The files of a failed syncfs are not on disk, though every later look and sync says so.
  @Test func aFailedSyncOfTheMailboxesAndACrash() throws {
    let windows = try crashEverywhere(singles: 3, random: 3, fault: failing("syncfs", at: 1)) { world in
      world.send(text(1), [.virtual("a"), .virtual("b")])
      world.run()
      world.deliver()
      world.makeStable()
      world.send(text(2), [.virtual("a")])
      world.run()
      world.deliver()
      world.makeStable()
      world.deliver()
    }
    #expect(windows == [.answerLost])
  }

  @Test(
    arguments: [Kind.limited, .file], [(DiskError.inputOutput, 1), (DiskError.full, 5), (DiskError.readOnly, 12), (DiskError.readOnly, .max)])
  func theDiskFails(kind: Kind, failure: (code: Int32, count: Int)) throws {
    let windows = try failEverywhere(failure.code, for: failure.count, quota: kind.quota) { world in
      world.send(text(1), [.virtual(kind.one)])
      world.send(quoted(2), [.virtual(kind.one), .virtual(kind.two)])
      world.run()
      world.deliver()
      for number in 3..<6 {
        world.send(text(number, count: 1200), [.virtual(kind.one)])
        world.clock.advance(seconds: 700)
        world.run()
        world.deliver()
      }
    }
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }

  private static func script(_ world: World) {
    world.send(text(1), [.virtual("a")])
    world.send(text(2, count: 1500), [.virtual("a"), .virtual("b")], inFile: true)
    world.run()
    world.deliver()
    world.makeStable()
    for number in 3..<12 {
      world.send(text(number, count: 3000), [.virtual("a")])
      world.clock.advance(seconds: 70)
      world.run()
      world.deliver()
      if number % 3 == 0 { world.makeStable() }
    }
    world.clock.advance(seconds: 100)
    world.run()
    world.makeStable()
  }
}

/// The `count`th operation of this name fails.
private func failing(_ operation: String, at count: Int) -> SimulatedDisk.Fault {
  let seen = Monitor(0)
  return { _, name, path in
    guard name == operation,
      seen.withLock({
        $0 += 1; return $0
      }) == count
    else { return nil }
    return DiskError(code: DiskError.inputOutput, operation: name, path: path)
  }
}

/// Plays `script` once for each of its operations, with `count` of them failing from there on.
func failEverywhere(_ code: Int32, for count: Int, quota: MaildirQuota? = nil, _ script: (World) -> Void) throws -> Set<Window> {
  let base = SimulatedDisk.withMail().image
  let whole = SimulatedDisk(base)
  let rehearsal = try World(whole, quota: quota)
  rehearsal.spool.begin()
  let start = whole.operationCount
  script(rehearsal)
  var windows: Set<Window> = []
  for first in (start + 1)...whole.operationCount {
    let disk = SimulatedDisk(base)
    let world = try World(disk, quota: quota)
    world.spool.begin()
    disk.setFault { number, operation, path in
      number >= first && number - first < count ? DiskError(code: code, operation: operation, path: path) : nil
    }
    script(world)
    disk.history().forEachMoment { moment in
      guard moment.number == disk.stepCount else { return }
      let judge = Judge(diary: world.diary, sent: world.sent, step: moment.number, isPowerCut: true, allowsHoles: true, quota: quota)
      accept(judge.judge(moment.afterPowerCut(seed: 7) { _ in false }), "none, failing at \(first)", &windows)
      accept(judge.judge(moment.afterPowerCut(seed: 7) { _ in true }), "all, failing at \(first)", &windows)
      let alive = Judge(diary: world.diary, sent: world.sent, step: moment.number, isPowerCut: false, allowsHoles: true, quota: quota)
      accept(alive.judge(moment.afterProcessDeath(seed: 8)), "process, failing at \(first)", &windows)
    }
  }
  return windows
}

private func accept(_ verdict: Judge.Verdict, _ place: String, _ windows: inout Set<Window>) {
  for fault in verdict.faults { Issue.record(Comment(rawValue: "\(place): \(fault)")) }
  windows.formUnion(verdict.windows)
}
