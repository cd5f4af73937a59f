// SPDX-License-Identifier: Apache-2.0
import Embedded
import Queue
import Runtime
import Spool
import Testing

/// Scripts are played once; then the machine is stopped after each of their disk operations, with every choice worth trying of what was on
/// the platters by then, and the process after each of them.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
  @Test(arguments: Kind.allCases) func smallMessages(kind: Kind) throws {
    let windows = try crashEverywhere(quota: kind.quota) { world in
      world.send(text(1), [.virtual(kind.one)])
      world.send(text(2), [.virtual(kind.two), .virtual(kind.one)])
      world.run()
      world.deliver()
      world.send(quoted(3), [.virtual(kind.one)])
      world.run()
      world.makeStable()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test(arguments: Kind.allCases) func contentInItsOwnFile(kind: Kind) throws {
    let windows = try crashEverywhere(quota: kind.quota) { world in
      world.send(text(1, count: 3000), [.virtual(kind.one)], inFile: true)
      world.run()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost])
  }

  @Test func aFileAndAMaildir() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual(Kind.file.one), .virtual(Kind.maildir.one)])
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

  /// The report to the sender is stable before the failure is final.
  @Test func reportsToSenders() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1), [.virtual("gone"), .virtual("a"), .virtual("gone2")])
      world.run()
      world.deliver()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.answerLost, .reportedBeforeNoted])
  }

  @Test func aReportOnABigMessage() throws {
    let windows = try crashEverywhere { world in
      world.send(text(1, count: 3000), [.virtual("gone")], inFile: true)
      world.run()
      world.deliver()
      world.deliver()
      world.makeStable()
    }
    #expect(windows == [.reportedBeforeNoted])
  }

  @Test(arguments: Kind.allCases) func readersWhoTakeTheirMail(kind: Kind) throws {
    let windows = try crashEverywhere(quota: kind.quota) { world in
      world.send(text(1), [.virtual(kind.one)])
      world.run()
      world.agent.deliverReady()
      try world.take(kind.one)
      world.run()
      world.makeStable()
      world.send(text(2), [.virtual(kind.one)])
      world.run()
      world.deliver()
      try world.take(kind.one)
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

  /// The machine stops, and stops again while it recovers; other mail comes meanwhile.
  @Test(arguments: Kind.allCases) func crashesInARecovery(kind: Kind) throws {
    let world = try World(SimulatedDisk.withMail(), quota: kind.quota)
    world.spool.begin()
    world.send(text(1), [.virtual(kind.one)])
    world.send(text(2, count: 2500), [.virtual(kind.two)], inFile: true)
    world.run()
    world.deliver()
    world.send(text(3), [.virtual(kind.one)])
    world.run()
    #expect(try crashTwice(world) == [.answerLost])
  }

  @Test(arguments: Kind.allCases) func aProcessThatDiesAndThenThePower(kind: Kind) throws {
    let world = try World(SimulatedDisk.withMail(), quota: kind.quota)
    world.spool.begin()
    world.send(text(1, count: 1500), [.virtual(kind.one)])
    world.run()
    world.deliver()
    world.send(text(2), [.virtual(kind.one)])
    world.run()
    world.deliver()
    #expect(try dieThenCut(world, early: true).isSubset(of: [.answerLost]))
  }

  @Test(arguments: Kind.allCases) func aSecondRun(kind: Kind) throws {
    let first = try World(.withMail(), quota: kind.quota)
    first.spool.begin()
    first.send(text(1), [.virtual(kind.one)])
    first.send(text(2), [.virtual(kind.one)])
    first.run()
    first.agent.deliverReady()
    let windows = try crashEverywhere(on: first.disk.restarted(), sent: first.sent, accepted: true, quota: kind.quota) { world in
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

/// With lines that look like the beginning of another message.
func quoted(_ number: Int) -> [UInt8] { Array("Subject: x\n\nFrom here\n>From there\n\nFrom \(number)\nFro".utf8) + [10] }

extension Recipient {
  static func virtual(_ address: String) -> Recipient {
    Recipient(address: "\(address)@example.com", original: "\(address)@example.com", route: .virtual)
  }
  static func remote(_ address: String) -> Recipient { Recipient(address: address, original: address, route: .remote) }
}
