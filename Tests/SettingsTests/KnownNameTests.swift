// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Testing

@testable import Settings

/// The names in Tests/SettingsTests/Names are those that `postconf -d` and `doveconf -d` print in Debian 12, those in Dovecot's conf.d, and some of
/// later versions. Weir has each of them or answers it by name.
@Suite struct KnownNameTests {
  private static func names(_ file: String) -> [String] {
    Fixture.text(Fixture.root.appendingPathComponent("Names/\(file).txt")).split(separator: "\n").map(String.init)
  }

  @Test(arguments: [("postfix-3.7", 1000), ("postfix-later", 20), ("dovecot-2.3", 300), ("dovecot-2.4", 80)])
  func everyNameIsAnswered(file: String, least: Int) {
    let names = Self.names(file)
    #expect(names.count >= least)
    for name in names {
      let known = Schema.knownName(name) ?? Schema.familyName(name)
      #expect(Schema.anyDefinition(name) != nil || known?.name == name, "\(name)")
    }
  }

  /// As the loader sees them, one by one: never as unknown.
  @Test(arguments: ["postfix-3.7", "dovecot-2.3"])
  func noneIsTakenForMisspelt(file: String) {
    let text = Self.names(file).map { "\($0) =\n" }.joined()
    let result = Configuration.load(SourceText(name: "f", text: text), files: MemoryFiles(), facts: HostFacts(hostName: "mail.example.com"))
    #expect(result.diagnostics.filter { $0.message.hasPrefix("unknown setting") }.map(\.message) == [])
  }

  /// A main.cf that says what Postfix does anyway is not refused for it.
  @Test func aDefaultOfPostfixIsNoError() {
    #expect(KnownName.postfixDefaults["default_rbl_reply"]?.contains("$rbl_code") == true)
    for (name, value) in KnownName.postfixDefaults {
      let result = Configuration.load(
        SourceText(name: "f", text: "\(name) = \(value)\n"), files: MemoryFiles(["/etc/aliases": ""]), facts: HostFacts(hostName: "mail.example.com"))
      #expect(DiagnosticText().render(result.diagnostics.filter { $0.severity == .error }) == "")
    }
  }

  @Test func everyAnswerIsASentence() {
    for known in KnownName.all {
      #expect(!known.did.isEmpty && !known.did.hasSuffix(".") && known.did.first?.isLowercase == true, "\(known.name): \(known.did)")
      #expect(!known.instead.isEmpty, "\(known.name)")
    }
    #expect(Set(KnownName.all.map { "\($0.origin) \($0.name)" }).count == KnownName.all.count)
  }

  @Test func twinsAndTransports() {
    #expect(Schema.knownName("lmtp_min_data_rate")?.did == Schema.knownName("smtp_min_data_rate")?.did)
    #expect(Schema.knownName("tlsproxy_tls_cert_file")?.instead == "use smtpd_tls_cert_file")
    #expect(Schema.knownName("scalemail-backend_recipient_refill_limit") != nil)
    #expect(Schema.familyName("slowly_delivery_slot_cost") != nil)
    #expect(Schema.familyName("_delivery_slot_cost") == nil)
    #expect(Schema.knownName("lmtp_nonsense") == nil)
  }
}
