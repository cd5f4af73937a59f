// SPDX-License-Identifier: Apache-2.0
import Embedded
import Runtime
import Spool
import Testing

/// As `CrashTests`, for the segments of the log: used again, moved, wiped.
@Suite(.timeLimit(.minutes(5))) struct SegmentCrashTests {
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
}
