// SPDX-License-Identifier: Apache-2.0
import Runtime
import Testing

@Suite struct HeartbeatTests {
  @Test func whatIsTold() throws {
    let wire = try Heartbeat.wire()
    defer { closeDescriptor(wire.listener) }
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard())
    for _ in 0..<300 { Heartbeat.beat(on: wire.sender) }
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard(hasBeaten: true))
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard())
    Heartbeat.beat(on: wire.sender)
    Heartbeat.closed(on: wire.sender)
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard(hasBeaten: true, hasClosed: true))
    Heartbeat.end("port \u{1} is taken", on: wire.sender)
    closeDescriptor(wire.sender)
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard(reason: "port \u{1} is taken"))
    #expect(Heartbeat.hear(on: wire.listener) == Heartbeat.Heard())
  }

  @Test func aLongReasonIsCut() throws {
    let wire = try Heartbeat.wire()
    defer { for descriptor in [wire.listener, wire.sender] { closeDescriptor(descriptor) } }
    Heartbeat.end(String(repeating: "x", count: 5000), on: wire.sender)
    #expect(Heartbeat.hear(on: wire.listener).reason?.count == 1000)
  }
}
