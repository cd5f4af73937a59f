// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Testing

@testable import Settings

@Suite struct SchemaTests {
  private static let areas = Fixture.repository.appendingPathComponent("Sources/Settings/Schema/Areas")

  /// `static let NAME = Key…( "name"` in the area files, with the number of times that NAME is mentioned in its file.
  private static let declared: [(identifier: String, name: String, mentions: Int)] = {
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: areas.path)) ?? []).filter { $0.hasSuffix(".swift") }
    return files.flatMap { file -> [(String, String, Int)] in
      let text = Fixture.text(areas.appendingPathComponent(file))
      let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "." }
      return text.matches(of: /static let (\w+) = Key\.\w+\(\s*"(\w+)"/).map { match in
        (String(match.1), String(match.2), words.count { $0 == "Keys.\(match.1)" })
      }
    }
  }()

  private static func camelCase(_ name: String) -> String {
    // No identifier begins with a digit.
    let parts = name.replacing("2bounce", with: "double_bounce").split(separator: "_")
    return (parts.first.map(String.init) ?? "") + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  @Test func everyKeyIsListedUnderItsName() {
    #expect(Self.declared.count + SMTPClientKeys.smtp.all.count + SMTPClientKeys.lmtp.all.count == Schema.definitions.count)
    for key in Self.declared {
      let isInBlock = Schema.definition(key.name)?.name == nil
      #expect(key.identifier == Self.camelCase(isInBlock ? "listener_\(key.name)" : key.name))
      #expect(key.mentions == 1, "Keys.\(key.identifier) must be listed in its area once")
    }
  }

  /// A setting that is accepted and does nothing would be a lie: each is read somewhere, or is the default of one that is.
  @Test func everyKeyHasAnEffect() {
    let sources = Fixture.repository.appendingPathComponent("Sources")
    let names = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? []
    let readers = names.filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Settings/Schema/") && !$0.hasPrefix("Settings/Reference/") }
    let words = Set(readers.flatMap { Fixture.text(sources.appendingPathComponent($0)).split { !$0.isLetter && !$0.isNumber && $0 != "." } })
    for key in Self.declared {
      let isRead = words.contains("Keys.\(key.identifier)") || Schema.definitions.contains { $0.defaultText == "$\(key.name)" }
      #expect(isRead, "nothing reads \(key.name)")
    }
    // Those that two clients have are read for both in one place.
    let keys = SMTPClientKeys.smtp
    let (hosts, times, talk, cache) = (
      Mirror(reflecting: keys.hosts), Mirror(reflecting: keys.times), Mirror(reflecting: keys.talk), Mirror(reflecting: keys.cache)
    )
    for label in [hosts, times, talk, cache].flatMap(\.children).compactMap(\.label) {
      #expect(
        words.contains { $0.hasSuffix("keys.\(label)") || $0.hasSuffix("keys.hosts.\(label)") || $0.hasSuffix("keys.cache.\(label)") },
        "nothing reads \(label)")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(Schema.definitions.map(\.name)).count == Schema.definitions.count)
    for name in KnownName.all.map(\.name) { #expect(Schema.anyDefinition(name) == nil, "\(name) is there: it must not be among the known names") }
    for (slip, meant) in KnownName.slips { #expect(Schema.knows(meant) && !Schema.knows(slip), "\(slip) -> \(meant)") }
  }

  @Test func manyForeignNamesAreKnown() {
    #expect(KnownName.all.count >= 150)
    #expect(Schema.knownName("message_drop_headers")?.standing == .missing)
    #expect(Schema.knownName("mail_location")?.origin == .dovecot)
  }

  /// What some settings make no sense without.
  private static let partners = [
    "smtpd_tls_key_file": "smtpd_tls_cert_file = /etc/weir/cert.pem\n",
    "virtual_uid_maps": "virtual_gid_maps = static:5000\n", "virtual_gid_maps": "virtual_uid_maps = static:5000\n",
    "smtpd_restriction_classes": "strict = reject\nlenient = permit\n",
    "virtual_mailbox_domains": "virtual_mailbox_base = /var/mail\nvirtual_mailbox_maps = hash:/etc/weir/virtual\n",
  ]

  /// The example of each setting must be right where it stands.
  @Test(arguments: Schema.definitions.map(\.name))
  func exampleAndDefaultCanBeRead(name: String) throws {
    let definition = try #require(Schema.anyDefinition(name))
    let values = [definition.example] + (definition.computedDefault == nil ? [definition.defaultText] : [])
    for value in values {
      let partner = value.isEmpty ? "" : Self.partners[name] ?? ""
      let line = partner + "\(name) = \(value)\n"
      let text = definition.place == .listener ? "listener a {\n\(line)}\n" : line
      let files = MemoryFiles([
        "/etc/weir/header_checks": "", "/etc/weir/body_checks": "", "/etc/weir/mime_header_checks": "", "/etc/weir/nested_header_checks": "",
        "/etc/weir/sni": "", "/etc/weir/tls_policy": "", "/etc/weir/sasl_passwd": "",
        "/etc/aliases": "", "/etc/weir/transport": "", "/etc/weir/relayhosts": "", "/etc/weir/sender_transport": "",
        "/etc/weir/mailbox_transport": "", "/etc/weir/fallback_transport": "", "/etc/weir/relocated": "", "/etc/weir/virtual_alias": "",
        "/etc/weir/mailbox_commands": "", "/etc/weir/sender_bcc": "", "/etc/weir/recipient_bcc": "",
        "/etc/weir/virtual": "", "/etc/weir/local": "", "/etc/weir/relay": "", "/etc/weir/rbl_reply": "", "/etc/weir/relay_clientcerts": "",
      ])
      let result = Configuration.load(SourceText(name: "f", text: text), files: files, facts: HostFacts(hostName: "mail.example.com"))
      #expect(DiagnosticText().render(result.diagnostics) == "")
    }
  }

  @Test(arguments: Schema.definitions.map(\.name))
  func isDescribed(name: String) throws {
    let definition = try #require(Schema.anyDefinition(name))
    #expect(definition.paragraph.hasSuffix("."))
    #expect(!definition.example.isEmpty)
    #expect(definition.example != definition.defaultText, "an example shows something else than the default")
  }

  @Test(arguments: [
    ("home_directory", "home_mailbox"), ("inet interfaces", "inet_interfaces"), ("Mynetworks", "mynetworks"), ("auth_machanisms", "auth_mechanisms"),
    ("smtpd_tls_certfile", "smtpd_tls_cert_file"),
  ])
  func suggests(name: String, meant: String) {
    #expect(Schema.suggestion(for: name) == meant)
  }
}
