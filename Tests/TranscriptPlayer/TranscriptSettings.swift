// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP

/// From `config` lines to a ServerConfiguration, without the Settings module: the machine is tested by itself.
package enum TranscriptSettings {
  package static func configuration(_ setup: Transcript.Setup) throws -> ServerConfiguration {
    let relay = RelayPolicy(
      mynetworks: try networks(["127.0.0.1/32"]), mydestination: ["mx.example.test", "example.test", "localhost"],
      virtualMailboxDomains: ["virtual.test"], myorigin: "example.test", mydomain: "example.test")
    var configuration = ServerConfiguration(myhostname: "mx.example.test", relay: relay)
    configuration.smtpdErrorSleepTime = 0
    if setup.isLMTP { configuration.service = .lmtp }
    let words = classNames(setup) + restrictionSettings
    for (name, value) in setup.settings where !words.contains(name) { try set(name, value, in: &configuration) }
    configuration.judgedMoments = try Restricting(setup, configuration)?.judge.moments ?? []
    return configuration
  }

  private static let restrictionSettings =
    RestrictionPoint.allCases.map(\.setting) + ["smtpd_delay_reject", "smtpd_restriction_classes", "recipient_delimiter"]

  private static func classNames(_ setup: Transcript.Setup) -> [String] {
    setup.settings.filter { $0.name == "smtpd_restriction_classes" }.flatMap { $0.value.split { $0 == " " || $0 == "," }.map(String.init) }
  }

  private static var numbers: [String: WritableKeyPath<ServerConfiguration, Int>] {
    [
      "message_size_limit": \.messageSizeLimit, "line_length_limit": \.lineLengthLimit, "hopcount_limit": \.hopcountLimit,
      "smtpd_recipient_limit": \.smtpdRecipientLimit, "smtpd_recipient_overshoot_limit": \.smtpdRecipientOvershootLimit,
      "smtpd_soft_error_limit": \.smtpdSoftErrorLimit, "smtpd_hard_error_limit": \.smtpdHardErrorLimit,
      "smtpd_junk_command_limit": \.smtpdJunkCommandLimit, "smtpd_error_sleep_time": \.smtpdErrorSleepTime,
    ]
  }

  private static var codes: [String: WritableKeyPath<ServerConfiguration, UInt16>] {
    [
      "smtpd_forbid_bare_newline_reject_code": \.smtpdForbidBareNewlineRejectCode,
      "unknown_local_recipient_reject_code": \.unknownLocalRecipientRejectCode,
      "unknown_virtual_mailbox_reject_code": \.unknownVirtualMailboxRejectCode,
    ]
  }

  private static var switches: [String: WritableKeyPath<ServerConfiguration, Bool>] {
    [
      "smtpd_helo_required": \.smtpdHeloRequired, "strict_rfc821_envelopes": \.paths.isStrict,
      "allow_min_user": \.paths.takesHyphen, "resolve_numeric_domain": \.paths.takesNumericDomain, "resolve_null_domain": \.paths.takesNullDomain,
      "resolve_dequoted_address": \.relay.resolveDequotedAddress,
      "strict_smtputf8": \.strictSmtputf8, "disable_vrfy_command": \.disableVrfyCommand,
      "smtpd_forbid_unauth_pipelining": \.smtpdForbidUnauthPipelining, "smtputf8_enable": \.smtputf8Enable,
      "cleanup_replace_stray_cr_lf": \.cleanupReplaceStrayCrLf, "soft_bounce": \.softBounce,
      "smtpd_reject_unlisted_recipient": \.smtpdRejectUnlistedRecipient, "append_dot_mydomain": \.relay.appendDotMydomain,
      "allow_percent_hack": \.relay.allowPercentHack, "swap_bangpath": \.relay.swapBangpath,
    ]
  }

  private static func set(_ name: String, _ value: String, in configuration: inout ServerConfiguration) throws {
    if ScriptedMeter.settings[name] != nil { return }
    if let path = numbers[name], let number = Int(value) {
      configuration[keyPath: path] = number
    } else if let path = codes[name], let code = UInt16(value) {
      configuration[keyPath: path] = code
    } else if let path = switches[name] {
      configuration[keyPath: path] = value == "yes"
    } else {
      try setWords(name, value, in: &configuration)
    }
  }

  private static func setWords(_ name: String, _ value: String, in configuration: inout ServerConfiguration) throws {
    let words = value.split { $0 == " " || $0 == "," }.map(String.init)
    switch name {
    case "smtpd_banner": configuration.smtpdBanner = value
    case "smtpd_forbidden_commands":
      configuration.edge.forbidsCommand = { words.contains($0.uppercased()) }
    case "smtpd_noop_commands": configuration.edge.ignoresCommand = { words.contains($0.uppercased()) }
    case "smtpd_discard_ehlo_keywords": configuration.smtpdDiscardEhloKeywords = Set(words.map { $0.uppercased() })
    case "smtpd_tls_security_level": configuration.smtpdTlsSecurityLevel = value == "encrypt" ? .encrypt : value == "may" ? .may : .none
    case "smtpd_forbid_bare_newline": configuration.smtpdForbidBareNewline = try bareNewline(value)
    case "smtpd_forbid_bare_newline_exclusions": configuration.smtpdForbidBareNewlineExclusions = try networks(words)
    case "smtpd_discard_ehlo_keyword_address_maps":
      let map = inline(value)
      configuration.edge.discardedKeywords = { address in map[address.description].map { [$0.uppercased()] } }
    case "smtpd_command_filter":
      let map = inline(value)
      configuration.edge.commandFilter = { map[$0.lowercased()] }
    case "smtpd_authorized_xclient_hosts": configuration.edge.authorizedXclientHosts = ClientList(words: words)
    case "smtpd_authorized_xforward_hosts": configuration.edge.authorizedXforwardHosts = ClientList(words: words)
    case "mynetworks": configuration.relay.mynetworks = try networks(words)
    case "myorigin": configuration.relay.myorigin = value
    case "relay_domains":
      configuration.relay.relayDomains = DomainList(matching: { domain in words.contains { domain == $0 || domain.hasSuffix("." + $0) } })
    case "inet_interfaces": configuration.relay.ownAddresses = Set(words.compactMap { IPAddress($0) })
    default: throw Transcript.Fault(description: "unknown setting \(name)")
    }
  }

  /// `inline:{ key = value, … }`
  private static func inline(_ text: String) -> [String: String] {
    let pairs = text.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" }.split(separator: ",").map { entry in
      entry.split(separator: "=", maxSplits: 1).map { Escapes.trimmed($0) }
    }
    return Dictionary(pairs.compactMap { $0.count == 2 ? ($0[0], $0[1]) : nil }) { first, _ in first }
  }

  private static func bareNewline(_ value: String) throws -> ServerConfiguration.BareNewline {
    switch value {
    case "no": .no
    case "yes", "normalize": .normalize
    case "note": .note
    case "reject": .reject
    default: throw Transcript.Fault(description: "smtpd_forbid_bare_newline = \(value)")
    }
  }

  private static func networks(_ words: [String]) throws -> NetworkList {
    guard let list = NetworkList(words: words) else { throw Transcript.Fault(description: "not networks: \(words)") }
    return list
  }
}
