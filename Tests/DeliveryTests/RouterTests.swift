// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Diagnostics
import Queue
import SMTP
import Tables
import Testing

/// The choices of trivial-rewrite(8).
@Suite struct RouterTests {
  private static func table(_ text: String) -> TableList {
    let reference = TableReference(LocatedText(name: "test", text: text))
    return TableList.read([reference].compactMap(\.self), files: NoFiles()).list
  }

  private struct NoFiles: FileSource {
    func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] { throw FileError(reason: "no such file") }
    func names(inFolder path: String) throws(FileError) -> [String] { [] }
  }

  private static func router(_ change: (inout MailRouter.Rules) -> Void = { _ in }) -> MailRouter {
    var policy = RelayPolicy(
      mynetworks: NetworkList(), mydestination: ["here.test"], virtualMailboxDomains: ["virtual.test"], myorigin: "here.test", mydomain: "here.test")
    policy.relayDomains = DomainList(matching: { $0 == "inside.test" || $0.hasSuffix(".inside.test") })
    policy.virtualAliasDomains = DomainList(["alias.test"])
    var rules = MailRouter.Rules(myhostname: "mail.here.test")
    rules.recipientDelimiter = "+"
    change(&rules)
    return MailRouter(rules, policy: policy)
  }

  private static func route(_ address: String, _ router: MailRouter, _ kind: Recipient.Route = .remote, sender: String = "me@here.test") -> String {
    switch router.route(Recipient(address: address, original: address, route: kind), sender: sender) {
    case .to(let hop): hop.description
    case .deferred(let reason): "deferred \(reason.text)"
    }
  }

  @Test(arguments: [
    ("alice@here.test", Recipient.Route.local, "local:here.test"), ("bob@virtual.test", .virtual, "virtual:virtual.test"),
    ("carol@inside.test", .remote, "relay:inside.test"), ("carol@deep.inside.test", .remote, "relay:deep.inside.test"),
    ("dave@Else.TEST", .remote, "smtp:Else.TEST"), ("eve@alias.test", .remote, "error:5.1.1 User unknown in virtual alias table"),
  ]) func byClass(_ address: String, _ route: Recipient.Route, _ expected: String) {
    #expect(Self.route(address, Self.router(), route) == expected)
  }

  @Test func relayHost() {
    let router = Self.router { $0.relayhost = "[smart.test]:587" }
    #expect(Self.route("a@else.test", router) == "smtp:[smart.test]:587")
    #expect(Self.route("a@inside.test", router) == "relay:[smart.test]:587")
    #expect(Self.route("a@here.test", router, .local) == "local:here.test")
    let explicit = Self.router {
      $0.relayhost = "[smart.test]"
      $0.defaultTransport = "smtp:[other.test]:2525"
    }
    #expect(Self.route("a@else.test", explicit) == "smtp:[other.test]:2525")
  }

  @Test func contentFilters() {
    let router = Self.router { $0.relayhost = "[smart.test]" }
    let alice = Recipient(address: "alice@here.test", original: "alice@here.test", route: .local)
    #expect(router.hop(through: "scan:[127.0.0.1]:10025", for: alice).description == "scan:[127.0.0.1]:10025")
    #expect(router.hop(through: "scan:", for: alice).description == "scan:here.test")
    #expect(router.hop(through: "scan:", for: Recipient(address: "", original: "", route: .local)).description == "scan:mail.here.test")
    #expect(Self.router { $0.defaultFilterNexthop = "dummy" }.hop(through: "scan:", for: alice).description == "scan:dummy")
  }

  @Test func bySender() {
    let router = Self.router {
      $0.relayhost = "[smart.test]"
      $0.senderRelays = Self.table("inline:{ u@here.test=[one.test], @there.test=[two.test]:587, x@there.test=DUNNO, <>=[null.test] }")
      $0.senderTransports = Self.table("inline:{ slow@here.test=slow:, odd@here.test=slow:[fixed.test] }")
    }
    for (sender, expected) in [
      ("u@here.test", "smtp:[one.test]"), ("u+x@here.test", "smtp:[one.test]"), ("v@there.test", "smtp:[two.test]:587"),
      ("x@there.test", "smtp:[smart.test]"), ("", "smtp:[null.test]"), ("else@here.test", "smtp:[smart.test]"),
      ("slow@here.test", "slow:[smart.test]"),
      ("odd@here.test", "slow:[fixed.test]"),
    ] { #expect(Self.route("a@else.test", router, sender: sender) == expected, "\(sender)") }
  }

  @Test(arguments: [
    ("user+ext@a.test", "smtp:[ext]"), ("user+other@a.test", "smtp:[user]"), ("someone@a.test", "smtp:[dom]"), ("x@b.a.test", "smtp:[below]"),
    ("x@c.b.a.test", "smtp:[below]"), ("x@null.test", "smtp:null.test"), ("x@hop.test", "smtp:[hop]:25"), ("x@bare.test", "lmtp:bare.test"),
    ("x@err.test", "error:5.7.1 no mail for *.err.test"), ("x@other.test", "discard:other.test"), ("X@A.Test", "smtp:[dom]"),
  ]) func transportMaps(_ address: String, _ expected: String) {
    let router = Self.router {
      $0.transportMaps = Self.table(
        """
        inline:{ user+ext@a.test=smtp:[ext], user@a.test=smtp:[user], a.test=smtp:[dom], .a.test=smtp:[below], null.test=:, hop.test=:[hop]:25, \
        bare.test=lmtp, {err.test=error:5.7.1 no mail for *.err.test}, *=discard: }
        """)
    }
    #expect(Self.route(address, router) == expected)
  }

  @Test func patternsSeeWholeAddresses() {
    let router = Self.router { $0.transportMaps = Self.table("regexp:{ {/^a@x\\.test$/ smtp:[a]}, {/^x\\.test$/ smtp:[never]} }") }
    #expect(Self.route("a@x.test", router) == "smtp:[a]")
    #expect(Self.route("b@x.test", router) == "smtp:x.test")
  }

  @Test func tablesThatFail() {
    let failing = Self.router { $0.transportMaps = Self.table("fail:x") }
    #expect(Self.route("b@x.test", failing).hasPrefix("deferred"))
  }

  @Test func others() {
    let router = Self.router {
      $0.relocatedMaps = Self.table("inline:{ gone@here.test=new@else.test, {old=new@else.test} }")
      $0.virtualTransport = "lmtp:unix:private/dovecot-lmtp"
      $0.localTransport = "lmtp:inet:[127.0.0.1]:24"
    }
    #expect(Self.route("gone@here.test", router, .local) == "error:5.1.6 User has moved to new@else.test")
    #expect(Self.route("old@here.test", router, .local) == "error:5.1.6 User has moved to new@else.test")
    #expect(Self.route("old@else.test", router) == "smtp:else.test")
    #expect(Self.route("a@virtual.test", router, .virtual) == "lmtp:unix:private/dovecot-lmtp")
    #expect(Self.route("a@here.test", router, .local) == "lmtp:inet:[127.0.0.1]:24")
  }
}
