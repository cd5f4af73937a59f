// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Import

@Suite struct DangerTests {
  @Test(arguments: [
    ("0.0.0.0/0", true), ("10.0.0.0/8", false), ("10.0.0.0/7", true), ("198.51.0.0/16", false), ("198.51.0.0/15", true), ("172.16.0.0/12", false),
    ("192.168.0.0/16", false), ("127.0.0.0/8", false), ("[::]/0", true), ("[2001:db8::]/32", false), ("[2001:db8::]/31", true), ("[fd00::]/8", false),
    ("[::1]/128", false), ("192.0.2.1", false), ("hash:/etc/postfix/nets", false), ("/etc/postfix/nets", false), ("", false), ("/", false),
  ])
  func networksThatNobodyOwns(element: String, isTooWide: Bool) {
    #expect(WideNetwork.isTooWide(element) == isTooWide)
  }

  @Test(arguments: [
    ("permit_mynetworks, reject_unauth_destination", nil), ("permit_mynetworks, permit, reject_unauth_destination", "permit"),
    ("permit_mynetworks, reject", nil), ("reject_unauth_destination, permit", nil),
    ("check_sender_access hash:/x, reject_unauth_destination", "check_sender_access"),
    ("check_client_access hash:/x, check_recipient_access hash:/y, reject_unauth_destination", nil),
    ("permit_mx_backup, reject_unauth_destination", "permit_mx_backup"), ("permit", "permit"), ("", nil),
  ])
  func whatStandsBeforeTheGuard(list: String, word: String?) {
    #expect(RelayOrder(list.listElements).opening == word)
  }

  @Test(arguments: [
    ("reject", true), ("defer", true), ("defer_unauth_destination", true), ("permit_mynetworks", false), ("", false),
    ("reject_unknown_sender_domain", false),
  ])
  func whatGuards(list: String, isGuarded: Bool) {
    #expect(RelayOrder(list.listElements).isGuarded == isGuarded)
  }

  @Test func listsThatAreGone() {
    #expect(DeadLists.named(in: "reject_rbl_client zen.spamhaus.org, reject_rbl_client dnsbl.sorbs.net=127.0.0.2") == ["dnsbl.sorbs.net"])
    #expect(DeadLists.named(in: "relays.ordb.org*2 zen.spamhaus.org*3") == ["relays.ordb.org"])
  }
}
