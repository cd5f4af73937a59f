// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Server
import Testing

@Suite struct RejectFooterTests {
  private let client = Client(address: IPAddress("192.0.2.1"), name: "spike.example", port: 4711)
  private let reply = Reply(550, EnhancedStatus(5, 1, 1), "<x@y>: unknown")

  private func added(_ text: String, to reply: Reply? = nil, map: (@Sendable (String) -> String?)? = nil) -> [String] {
    let footer = RejectFooter(text, map: map, serverName: "mx.example.com")
    return (footer?.added(to: reply ?? self.reply, client: client, time: 0) ?? self.reply).lines.map(String.init)
  }

  @Test func aLineOfItsOwnOrTheSame() {
    #expect(added("Call us.") == ["<x@y>: unknown", "Call us."])
    #expect(added(#"\c. Call us."#) == ["<x@y>: unknown. Call us."])
    #expect(added(#"One.\nTwo."#) == ["<x@y>: unknown", "One.", "Two."])
  }

  @Test func whatItKnows() {
    #expect(
      added("$client $client_address ${client_name} $(client_port) $server_name$$") == [
        "<x@y>: unknown", "spike.example[192.0.2.1] 192.0.2.1 spike.example 4711 mx.example.com$",
      ])
    #expect(added("$localtime").last?.count == "Jan 01 00:00:00".count)
    #expect(added("$nothing.") == ["<x@y>: unknown", "."])
  }

  @Test func onlyRefusalsHaveOne() {
    #expect(added("Call us.", to: Reply(250, nil, "Ok")) == ["Ok"])
    #expect(added("Call us.", to: Reply(354, nil, "Go on")) == ["Go on"])
    #expect(added("Call us.", to: Reply(450, nil, "No")) == ["No", "Call us."])
  }

  @Test func aTableGoesFirst() {
    let map: @Sendable (String) -> String? = { $0.hasPrefix("550 5.1.1 ") ? "By the table." : nil }
    #expect(added("Call us.", map: map) == ["<x@y>: unknown", "By the table."])
    #expect(added("Call us.", to: Reply(450, nil, "No"), map: map) == ["No", "Call us."])
    #expect(added("", to: Reply(450, nil, "No"), map: map) == ["No"])
    #expect(RejectFooter("", map: nil, serverName: "x") == nil)
  }
}
