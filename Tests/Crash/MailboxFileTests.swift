// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Spool
import Testing

/// As `CrashTests`, for mailbox files: an append that is cut anywhere is completed, never repeated.
@Suite(.timeLimit(.minutes(5))) struct MailboxFileTests {
  @Test func messagesInOneFile() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("box")])
      world.send(text(2), [.virtual("box2"), .virtual("box")])
      world.run()
      world.deliver()
      world.send(quoted(3), [.virtual("box")])
      world.run()
      world.deliver()
    }
    #expect(windows == [.answerLost])
  }

  @Test func contentInItsOwnFile() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1, count: 3000), [.virtual("box")], inFile: true)
      world.run()
      world.deliver()
    }
    #expect(windows == [.answerLost])
  }

  @Test func aFileAndAMaildir() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("box"), .virtual("a")])
      world.run()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test func readersWhoTakeTheirMail() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("box")])
      world.run()
      world.agent.deliverReady()
      try world.take("box")
      world.run()
      world.send(text(2), [.virtual("box")])
      world.run()
      world.deliver()
      try world.take("box")
    }
    #expect(windows.isSubset(of: [.answerLost, .takenBeforeNoted, .takenBeforeForgotten]))
  }

  /// The machine stops, and stops again while it recovers; other mail comes meanwhile.
  @Test func crashesInARecovery() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    world.send(text(1), [.virtual("box")])
    world.send(text(2, count: 2500), [.virtual("box")], inFile: true)
    world.run()
    world.deliver()
    var windows: Set<Window> = []
    try world.disk.history().forEachMoment { moment in
      let seed = UInt64(moment.number)
      let persisted = DiskHistory.subsets(of: moment.pendingCount, singles: 0, random: 1, seed: seed).last ?? []
      let second = moment.number % 3 == 0 ? moment.afterProcessDeath(seed: 5) : moment.afterPowerCut(seed: 5) { persisted[$0] }
      let judge = Judge(diary: world.diary, sent: world.sent, step: moment.number, isPowerCut: true)
      try crashAgain(second, judge, &windows)
    }
    #expect(windows == [.answerLost])
  }

  @Test func aSecondRun() throws {
    let first = try World(.withMail())
    first.spool.begin()
    first.send(text(1), [.virtual("box")])
    first.send(text(2), [.virtual("box")])
    first.run()
    first.agent.deliverReady()
    let windows = try crashEverywhere(on: first.disk.restarted(), sent: first.sent, accepted: true) { world in world.deliver() }
    #expect(windows == [])
  }

  @Test func aProcessThatDiesAndThenThePower() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    world.send(text(1, count: 1500), [.virtual("box")])
    world.run()
    world.deliver()
    world.send(text(2), [.virtual("box")])
    world.run()
    world.deliver()
    #expect(try dieThenCut(world, early: true).isSubset(of: [.answerLost]))
  }

  @Test(arguments: [(DiskError.inputOutput, 1), (DiskError.full, 5), (DiskError.readOnly, 12), (DiskError.readOnly, .max)])
  func theDiskFails(_ code: Int32, _ count: Int) throws {
    let windows = try failEverywhere(code, for: count) { world in
      world.send(text(1), [.virtual("box")])
      world.send(quoted(2), [.virtual("box"), .virtual("box2")])
      world.run()
      world.deliver()
      for number in 3..<6 {
        world.send(text(number, count: 1200), [.virtual("box")])
        world.clock.advance(seconds: 700)
        world.run()
        world.deliver()
      }
    }
    #expect(windows.isSubset(of: [.answerLost, .refusedButKept]))
  }
}

/// With lines that look like the beginning of another message.
private func quoted(_ number: Int) -> [UInt8] { Array("Subject: x\n\nFrom here\n>From there\n\nFrom \(number)\nFro".utf8) + [10] }
