// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Restrictions
import Testing

/// What is wrong with a list is said when it is read.
@Suite struct ReaderTests {
  private func diagnostics(_ text: String, _ point: RestrictionPoint = .recipient) -> String {
    let found = Court.read(text, point, classes: ["strict"], files: ["/etc/access": "a.test REJECT\n", "/etc/bad": "a.test REJET\nb.test OK\n"])
      .diagnostics
    return DiagnosticText().render(found)
  }

  @Test(arguments: [
    "permit_mynetworks, reject_unauth_destination", "permit_mynetworks reject", "reject_rbl_client zen.test=127.0.0.[2..4]", "hash:/etc/access",
    "check_client_access hash:/etc/access", "warn_if_reject reject_unknown_client", "strict", "sleep 1", "check_policy_service inet:localhost:10023",
    "check_policy_service { unix:/run/p, timeout=1s }", "check_sender_mx_access hash:/etc/access",
    "reject_rbl_client { a.test*2, b.test*-1, threshold=2 }", "",
  ])
  func good(text: String) { #expect(diagnostics(text) == "") }

  @Test(arguments: [
    ("reject_unath_destination", "unknown restriction `reject_unath_destination`", "did you mean `reject_unauth_destination`?"),
    ("permit_naked_ip_address", "is Postfix's, and Weir does not have it", "it is obsolete"),
    ("reject_sender_login_mismatch", "is Postfix's, and Weir does not have it", "users cannot log in yet"),
    ("check_client_access", "must be followed by a table", "check_client_access hash:"),
    ("check_client_access /etc/access", "must be followed by a table, not `/etc/access`", "did you mean `hash:/etc/access`?"),
    ("check_client_access hash:/none", "cannot read the table `/none`", ""),
    ("check_client_access hash:/etc/bad", "unknown action `REJET`", "did you mean `reject`?"),
    ("reject_rbl_client", "must be followed by the name of a list", "zen.example.org"),
    ("reject_rbl_client zen.test=1.2.3", "must be followed by the name of a list", "127.0.0.[2..4]"),
    ("reject_rbl_client { a.test, threshold=2 }", "the threshold of 2 is never reached", ""),
    ("reject_rbl_client a.test*2", "a weight has a meaning among several lists only", ""),
    ("check_policy_service", "must be followed by a policy server", "inet:"),
    ("check_policy_service nonsense", "is no policy server", "inet:"),
    ("check_policy_service unix:private/policy", "needs an absolute path", "/var/spool/postfix"),
    ("check_policy_service { inet:h:1, timout=1s }", "has no option `timout`", "did you mean `timeout`?"),
    ("check_policy_service { inet:h:1, default_action=NONSENSE }", "unknown action `NONSENSE`", ""),
    ("sleep x", "expected a number of seconds", ""),
    ("check_sender_access inline:{ {a = FILTER x} }", "`FILTER x` needs a transport and a next hop", "FILTER smtp:[127.0.0.1]:10025"),
    ("check_sender_access static:FILTER", "`FILTER` needs a transport and a next hop", "FILTER smtp:"),
    ("check_client_access cidr:{ {192.0.2.0/24 FILTER :y} }", "`FILTER :y` needs a transport and a next hop", ""),
    ("check_sender_access regexp:{ {/@a$/ NONSENSE} }", "unknown action `NONSENSE`", ""),
    ("check_sender_access inline:{ {a = REDIRECT nobody} }", "needs an address", ""),
    ("check_sender_access inline:{ {a = check_client_access hash:/etc/access} }", "a table cannot stand within a table", "smtpd_restriction_classes"),
  ])
  func wrong(text: String, message: String, hint: String) {
    let found = diagnostics(text)
    #expect(found.contains(" error: "))
    #expect(found.contains(message), "\(found)")
    #expect(found.contains(hint), "\(found)")
  }

  @Test(arguments: ["permit, reject_unauth_destination", "reject permit_mynetworks", "permit_mynetworks, defer, reject"])
  func whatIsNeverReached(text: String) { #expect(diagnostics(text).contains("is never reached")) }

  @Test func whatWarnsIsNoEnd() {
    #expect(diagnostics("warn_if_reject reject, permit") == "")
    #expect(diagnostics("permit_mynetworks, warn_if_reject").contains("has no effect at the end"))
  }

  @Test func aTableNeedsAWordWhereNothingSaysWhatToLookUp() {
    #expect(diagnostics("hash:/etc/access", .data).contains("check_client_access"))
    #expect(diagnostics("hash:/etc/access", .etrn) == "")
  }

  @Test func errorsPointIntoTheLine() {
    let text = diagnostics("permit_mynetworks, rejct, permit")
    #expect(text.hasPrefix("weir.conf:1:20: error: unknown restriction `rejct`"))
  }

  @Test func relayControl() {
    func controls(_ text: String) -> Bool {
      let strict = Court.read("reject", nil).list
      return Court.read(text, .relay, classes: ["strict"]).list.controlsRelaying(["strict": strict])
    }
    for word in ["reject", "defer", "reject_unauth_destination", "defer_unauth_destination", "permit_mynetworks, defer_if_permit", "strict"] {
      #expect(controls(word))
    }
    for word in ["", "permit", "permit_mynetworks", "reject_non_fqdn_sender", "warn_if_reject reject"] { #expect(!controls(word)) }
  }
}
