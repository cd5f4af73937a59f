// SPDX-License-Identifier: Apache-2.0
import SMTP
import Testing

@Suite struct SpillTests {
  private static let line = String(repeating: "x", count: 98)

  @Test(arguments: [9, 10, 11])
  func contentBeyondTheThresholdGoesToAFile(lines: Int) throws {
    // "A: b\n\n" and lines of 99 bytes: 10 of them are 996 bytes, 11 are 1095.
    let fixture = try SessionFixture(store: ScriptedStore(spillThreshold: 996))
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("A: b", "")
    for _ in 0..<lines { fixture.say(Self.line) }
    #expect(fixture.say(".").hasPrefix("250 2.0.0"))
    let kept = try #require(fixture.store.kept.first)
    #expect(kept.wasSpilled == (lines > 10))
    #expect(kept.content.hasPrefix("Received: from client.example"))
    #expect(kept.content.hasSuffix("\nA: b\n\n" + String(repeating: Self.line + "\n", count: lines)))
    #expect(fixture.store.memory.used == 0)
  }

  @Test func whereMemoryIsShortContentGoesToAFileEarly() throws {
    let fixture = try SessionFixture(store: ScriptedStore(memory: 300))
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("A: b", "")
    for _ in 0..<20 { fixture.say(Self.line) }
    #expect(fixture.store.memory.used <= 300)
    #expect(fixture.say(".").hasPrefix("250 2.0.0"))
    let kept = try #require(fixture.store.kept.first)
    #expect(kept.wasSpilled)
    #expect(kept.content.hasSuffix("\nA: b\n\n" + String(repeating: Self.line + "\n", count: 20)))
    #expect(fixture.store.memory.used == 0)
  }

  @Test func aHeaderStaysInMemoryUntilItEnds() throws {
    let fixture = try SessionFixture(store: ScriptedStore(spillThreshold: 100), client: "127.0.0.1")
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("A: \(Self.line)", "B: \(Self.line)")
    fixture.say("Message-ID: <1@x>", "Date: Thu, 1 Jan 1970 00:00:00 +0000", "From: a@b.example", "", Self.line, ".")
    let kept = try #require(fixture.store.kept.first)
    #expect(kept.content.components("Message-I") == 1)
    #expect(kept.content.components("\nDate:") == 1)
  }

  @Test func noRoomForTheFileIsASoftError() throws {
    let fixture = try SessionFixture(store: ScriptedStore(spillThreshold: 10))
    fixture.store.refuseFiles()
    _ = fixture.beginData(to: "b@example.com")
    #expect(fixture.say("A: b", "", Self.line, Self.line, ".").hasPrefix("452 4.3.1"))
    #expect(fixture.store.kept.isEmpty)
    #expect(fixture.store.memory.used == 0)
    #expect(fixture.say("NOOP") == "250 2.0.0 Ok\r\n")
  }

  @Test func aVanishedClientsFileIsRemoved() throws {
    let fixture = try SessionFixture(store: ScriptedStore(spillThreshold: 10))
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("A: b", "", Self.line)
    fixture.stream.end()
    fixture.loop.runUntilIdle()
    #expect(fixture.store.filesDiscarded == 1)
    #expect(fixture.store.memory.used == 0)
    #expect(fixture.loop.liveTasks == 0)
  }

  @Test func aRefusedMessagesFileIsRemoved() throws {
    let fixture = try SessionFixture(store: ScriptedStore(spillThreshold: 10)) { $0.messageSizeLimit = 100 }
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("A: b", "", "more than ten bytes")
    #expect(fixture.say(Self.line, Self.line, ".").hasPrefix("552 5.3.4"))
    #expect(fixture.store.filesDiscarded == 1)
    #expect(fixture.store.memory.used == 0)
  }
}

extension String {
  fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
