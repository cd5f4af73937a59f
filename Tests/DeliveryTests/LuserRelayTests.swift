// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Runtime
import Testing

@Suite struct LocalExpansionTests {
  private let expansion = LocalExpansion(["user": "ann", "extension": "", "domain": "x.example"])

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("$user@$domain", "ann@x.example"), ("${user}-$(domain)", "ann-x.example"), ("$userx", ""),
    ("${extension?+$extension}", ""), ("${extension:none}", "none"), ("${user?yes}", "yes"), ("${user:no}", ""), ("${user?{in $user}}", "in ann"),
    ("${extension:{${user?{deep $domain}}}}", "deep x.example"), ("$$user", "$user"), ("$", "$"), ("a$ b", "a$ b"), ("${user", "${user"),
    ("$nothing!", "!"),
    ("${nothing}", ""), ("$user.$user", "ann.ann"),
  ])
  func names(_ text: String, _ expanded: String) { #expect(expansion.expand(text) == expanded) }
}

@Suite struct LuserRelayTests {
  private func relay(_ template: String) -> LuserRelay {
    LuserRelay(template: template, delimiters: "+") { address in
      address.isEmpty ? nil : LuserRelay.Target(address: address, route: address.hasSuffix("@example.com") ? .virtual : .remote)
    }
  }

  @Test(arguments: [
    ("$user@example.com", "Bob+News@here", "bob@example.com"), ("$local@example.com", "Bob+News@here", "Bob+News@example.com"),
    ("all+${extension:none}@example.com", "Bob+News@here", "all+@example.com"),
    ("all+${extension:none}@example.com", "bob@here", "all+none@example.com"),
    ("x$recipient_delimiter@example.com", "bob+@here", "x+@example.com"), ("$domain.$user@example.com", "bob@here", "here.bob@example.com"),
    ("$recipient", "bob@here", nil), ("${extension?$user}", "bob@here", nil),
  ])
  func targets(_ template: String, _ recipient: String, _ target: String?) { #expect(relay(template).target(for: recipient)?.address == target) }

  private func agent(_ station: Station, _ template: String) -> LocalAgent {
    station.agent(luserRelay: relay(template))
  }

  @Test func anUnknownUsersMailGoesElsewhere() throws {
    let station = try Station()
    let id = station.accept("A: b\n\n", to: .local("nobody"))
    _ = agent(station, "ann@example.com").runOnce()
    let text = String(decoding: try #require(station.folder.read("mail/ann/new/1360231200.M0Q\(id)R0.vm")), as: UTF8.self)
    #expect(text.hasPrefix("Return-Path: <carl@example.net>\nX-Original-To: nobody@example.com\nDelivered-To: ann@example.com\n"))
    #expect(station.reports.withLock { $0.first?.status } == .sent)
  }

  @Test(arguments: [
    ("stranger@example.com", "unknown user: \"stranger@example.com\""), ("", "unknown user: \"nobody@example.com\""),
    ("ann@elsewhere", "mail transport unavailable: there is no relay transport yet"),
  ])
  func orStays(_ template: String, _ text: String) throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .local("nobody"))
    _ = agent(station, template).runOnce()
    station.settle()
    #expect(station.reports.withLock { $0.first?.text } == text)
    #expect(station.newFiles == [])
  }

  @Test func aLoopIsReturned() throws {
    let station = try Station()
    station.accept("Delivered-To: ann@example.com\n\n", to: .local("nobody"))
    _ = agent(station, "ann@example.com").runOnce()
    station.settle()
    #expect(station.reports.withLock { $0.first?.dsn } == "5.4.6")
  }
}
