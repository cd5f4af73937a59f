// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Restrictions
import SMTP
import Tables
import Testing

/// Restrictions on the certificates of clients.
@Suite struct CertificateTests {
  private func court(_ list: String, isTrusted: Bool = false, known: String = "") -> Court {
    var certificate = TLSFacts.ClientCertificate()
    (certificate.commonName, certificate.issuer, certificate.isTrusted) = ("Client + 1", "CA", isTrusted)
    (certificate.fingerprint, certificate.publicKeyFingerprint) = ("AA:01", "BB:02")
    var court = Court([.recipient: list])
    court.facts.tls = TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256, certificate: certificate)
    guard !known.isEmpty, let reference = TableReference(LocatedText(name: "t", text: "inline:{ \(known) }")) else { return court }
    court.settings.relayClientcerts = TableList([Table.read(reference, files: MemoryFiles()).table].compactMap { $0 })
    return court
  }

  @Test(arguments: [
    ("permit_tls_all_clientcerts", true, "", true), ("permit_tls_all_clientcerts", false, "", false),
    ("permit_tls_all_clientcerts", false, "{aa:01 = x}", true), ("permit_tls_clientcerts", true, "", false),
    ("permit_tls_clientcerts", false, "{aa:01 = x}", true), ("permit_tls_clientcerts", false, "{BB:02 = x}", true),
    ("permit_tls_clientcerts", true, "{CC:03 = x}", false),
  ])
  func permits(word: String, isTrusted: Bool, known: String, isPermitted: Bool) {
    let court = court("\(word), reject", isTrusted: isTrusted, known: known)
    #expect(court.reply().isEmpty == isPermitted)
    #expect(court.with { $0.facts.tls = nil }.reply() != "")
    #expect(court.with { $0.facts.tls = TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256) }.reply() != "")
  }

  @Test(arguments: [
    ("inline:{ {AA:01 = REJECT no} }", "554 5.7.1 <Client + 1>: Client certificate rejected: no"),
    ("inline:{ {BB:02 = 450 4.7.9 later} }", "450 4.7.9 <Client + 1>: Client certificate rejected: later"),
    ("inline:{ {AA:01 = DUNNO}, {BB:02 = REJECT} }", "554 5.7.1 <Client + 1>: Client certificate rejected: Access denied"),
    ("inline:{ {AA:01 = OK}, {BB:02 = REJECT} }", ""),
    (
      "{ inline:{ {AA:01 = OK}, {BB:02 = REJECT} }, { search_order = pubkey_fingerprint cert_fingerprint } }",
      "554 5.7.1 <Client + 1>: Client certificate rejected: Access denied"
    ),
    ("{ inline:{ {BB:02 = REJECT} }, { search_order = cert_fingerprint } }", ""), ("inline:{ {CC:03 = REJECT} }", ""),
  ])
  func access(table: String, reply: String) {
    #expect(court("check_ccert_access \(table)").reply() == reply)
    #expect(court("check_ccert_access \(table)").with { $0.facts.tls = nil }.reply() == "")
  }

  @Test(arguments: [
    ("check_ccert_access", "must be followed by a table"), ("check_ccert_access {}", "expected a table"),
    ("check_ccert_access { inline:{ a=b }, { order = x } }", "has no option"),
    ("check_ccert_access { static:OK, { search_order = subject } }", "expected cert_fingerprint or pubkey_fingerprint"),
  ])
  func errors(list: String, message: String) {
    let found = Court.read(list, .client).diagnostics.map(\.message)
    #expect(found.contains { $0.contains(message) }, "\(found)")
  }

  @Test func policyServersAreTold() {
    func attributes(_ court: Court) -> [String: String] {
      guard case .policy(_, let attributes, _)? = court.decide().asked.first else { return [:] }
      return Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.value) })
    }
    let trusted = attributes(court("check_policy_service inet:127.0.0.1:1", isTrusted: true))
    #expect(trusted["ccert_subject"] == "Client+20+2B+201" && trusted["ccert_issuer"] == "CA")
    let other = attributes(court("check_policy_service inet:127.0.0.1:1"))
    #expect(other["ccert_subject"] == "" && other["ccert_fingerprint"] == "AA:01" && other["ccert_pubkey_fingerprint"] == "BB:02")
  }

  // MARK: Classes

  /// A bare table in a class is asked about what the list is about that names the class.
  @Test func bareTablesInClasses() {
    func court(_ point: RestrictionPoint) -> Court {
      var court = Court([point: "mine"])
      court.classes = [
        "mine": "inline:{ {client.example.net = REJECT client}, {sender@example.net = REJECT sender}, {user@example.test = REJECT user} }"
      ]
      return court
    }
    #expect(court(.client).reply().hasSuffix("Client host rejected: client"))
    #expect(court(.helo).reply().hasSuffix("Helo command rejected: client"))
    #expect(court(.sender).reply().hasSuffix("Sender address rejected: sender"))
    #expect(court(.recipient).reply().hasSuffix("Recipient address rejected: user"))
    #expect(court(.data).reply(.data) == "451 4.3.5 Server configuration error")
  }

  /// A class whose table names the class, as whoever chooses the key can find out.
  @Test func classesThatNameThemselves() {
    var court = Court([.sender: "mine"])
    court.classes = ["mine": "inline:{ {sender@example.net = mine} }"]
    #expect(court.reply() == "451 4.3.5 Server configuration error")
    #expect(court.notes() == ["warning: restrictions within restrictions, more than 16 deep"])
  }
}
