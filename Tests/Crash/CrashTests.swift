// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Spool
import Testing

/// Scripts are played once; then the machine is stopped after each of their disk operations, with every choice worth trying of what was on
/// the platters by then, and the process after each of them.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
  @Test func smallMessages() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("a")])
      world.send(text(2), [.virtual("b"), .virtual("a")])
      world.run()
      world.deliver()
      world.send(text(3), [.virtual("a")])
      world.run()
      world.makeStable()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test func contentInItsOwnFile() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1, count: 3000), [.virtual("a")], inFile: true)
      world.run()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test func relayedMessages() throws {
    let windows = try crashEverywhere(isRelay: true) { world in
      world.send(text(1), [.remote("r@example.net"), .remote("s@example.net")])
      world.send(text(2), [.remote("r@example.net")])
      world.run()
      world.deliver()
    }
    #expect(windows == [.answerLost, .relayedBeforeNoted])
  }

  @Test func readersWhoTakeTheirMail() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("a")])
      world.run()
      world.agent.deliverReady()
      try world.take("a")
      world.run()
      world.makeStable()
      world.send(text(2), [.virtual("a")])
      world.run()
      world.deliver()
      try world.take("a")
      world.makeStable()
    }
    #expect(windows.isSubset(of: [.answerLost, .takenBeforeNoted, .takenBeforeForgotten]))
  }

  @Test func readersWhoLookAtTheirMail() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("a")])
      world.run()
      world.agent.deliverReady()
      try world.look("a")
      world.run()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  /// The machine stops, and stops again while it recovers.
  @Test func crashesInARecovery() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    world.send(text(1), [.virtual("a")])
    world.send(text(2, count: 2500), [.virtual("b")], inFile: true)
    world.run()
    world.deliver()
    world.send(text(3), [.virtual("a")])
    world.run()
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

  /// The process dies before a sync, the next one finds in the page cache what is not on disk, and then the power goes.
  @Test func aMovedMessageThatOnlyThePageCacheHas() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    try world.park(text(100), "late")
    for number in 0..<20 {
      world.send(text(number, count: 2000), [.virtual("a")])
      world.run()
      if number % 4 == 3 {
        world.deliver()
        world.makeStable()
      }
    }
    #expect(try dieThenCut(world, early: false).isSubset(of: [.answerLost]))
  }

  @Test func aWipeThatOnlyThePageCacheHas() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    for number in 0..<16 {
      world.send(text(number, count: 3000), [.virtual("a")])
      world.run()
      world.deliver()
      world.makeStable()
      try world.take("a")
    }
    #expect(try dieThenCut(world, early: false).isSubset(of: [.answerLost, .takenBeforeForgotten]))
  }

  @Test func anEndThatOnlyThePageCacheHas() throws {
    let world = try World(SimulatedDisk.withMail())
    world.spool.begin()
    world.send(text(1, count: 300), [.virtual("a")], inFile: true)
    world.run()
    world.deliver()
    world.makeStable()
    #expect(try dieThenCut(world, early: true).isSubset(of: [.answerLost]))
  }

  @Test func segmentsUsedAgain() throws {
    let windows = try crashEverywhere(singles: 3, random: 2) { world in
      for number in 0..<12 {
        world.send(text(number, count: 3000), [.virtual("a")])
        world.run()
        world.deliver()
        if number % 2 == 1 { world.makeStable() }
      }
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  /// Nothing of what a segment held before may come back: its readers have taken it.
  @Test func segmentsUsedAgainAndReaders() throws {
    let windows = try crashEverywhere(singles: 2, random: 2) { world in
      for number in 0..<14 {
        world.send(text(number, count: 3000), [.virtual("a")])
        world.run()
        world.deliver()
        world.makeStable()
        try world.take("a")
      }
    }
    #expect(windows.isSubset(of: [.answerLost, .takenBeforeForgotten]))
  }

  @Test func aMessageThatStaysBehind() throws {
    let windows = try crashEverywhere(singles: 3, random: 2) { world in
      try world.park(text(100), "late")
      for number in 0..<26 {
        world.send(text(number, count: 2000), [.virtual("a")])
        world.run()
        if number % 4 == 3 {
          world.deliver()
          world.makeStable()
        }
      }
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test func aSecondRun() throws {
    let first = try World(.withMail())
    first.spool.begin()
    first.send(text(1), [.virtual("a")])
    first.send(text(2), [.virtual("a")])
    first.run()
    first.agent.deliverReady()
    let windows = try crashEverywhere(on: first.disk.restarted(), sent: first.sent, accepted: true) { world in
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [])
  }

  @Test func theEndOfARun() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("a")])
      world.run()
      world.deliver()
      world.spool.finish()
    }
    #expect(windows == [.answerLost])
  }
}

/// Text of about the wanted length that differs for each `number`.
func text(_ number: Int, count: Int = 700) -> [UInt8] {
  Array("Subject: number \(number)\n\n".utf8) + (0..<count).map { UInt8(ascii: "a") + UInt8(($0 * 7 + number) % 26) } + [10]
}

extension Recipient {
  static func virtual(_ address: String) -> Recipient {
    Recipient(address: "\(address)@example.com", original: "\(address)@example.com", route: .virtual)
  }
  static func remote(_ address: String) -> Recipient { Recipient(address: address, original: address, route: .remote) }
}
