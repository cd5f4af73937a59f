// SPDX-License-Identifier: Apache-2.0

/// Settings that are risky by their value alone.
enum ValueDangers {
  static func danger(_ name: String, _ value: String) -> String? {
    let words = value.listElements.map { $0.lowercased() }
    switch name {
    case "smtpd_sasl_security_options", "smtpd_sasl_tls_security_options":
      return words.contains("noanonymous") ? nil : "anybody may log in without a name: `noanonymous` is missing"
    case "smtpd_forbid_bare_newline":
      return words == ["no"] ? "mail can be smuggled into other mail by line ends that are none (CVE-2023-51764)" : nil
    case "local_recipient_maps", "smtpd_reject_unlisted_recipient":
      let isOff = name == "local_recipient_maps" ? words.isEmpty : words == ["no"]
      return isOff ? "mail for users who do not exist is accepted and bounced later, to senders who are mostly forged" : nil
    case "soft_bounce": return words == ["yes"] ? "nothing is refused for good: other servers try again for days. It is meant for tests" : nil
    case "smtpd_tls_protocols", "smtpd_tls_mandatory_protocols": return protocols(words)
    case "smtpd_tls_ciphers", "smtpd_tls_mandatory_ciphers":
      return words.contains { ["export", "low", "null"].contains($0) } ? "ciphers that anybody can break" : nil
    case "relay_domains": return words.contains { $0 == "*" || $0.hasPrefix("static:") } ? "an open relay: every domain is a relay domain" : nil
    case "smtpd_authorized_xclient_hosts":
      return words.contains { WideNetwork.isTooWide($0) || $0.hasPrefix("static:") } ? "strangers may claim any address by XCLIENT" : nil
    case "smtpd_use_tls", "smtpd_enforce_tls", "smtp_use_tls", "smtp_enforce_tls": return "obsolete: a newer Postfix does not know it"
    case "maps_rbl_domains", "maps_rbl_reject_code", "smtpd_tls_dcert_file", "smtpd_tls_dkey_file", "virtual_maps", "fallback_relay":
      return "obsolete: a newer Postfix does not know it"
    case "debug_peer_list": return words.isEmpty ? nil : "whole sessions of these clients are in the log, their mail included"
    case "smtpd_relay_restrictions", "smtpd_recipient_restrictions", "smtpd_sender_restrictions", "smtpd_client_restrictions": return obsolete(words)
    default: return nil
    }
  }

  private static func protocols(_ words: [String]) -> String? {
    let old = ["sslv2", "sslv3"].first { words.contains($0) }
    return old.map { "the protocol \($0) is broken" }
  }

  private static func obsolete(_ words: [String]) -> String? {
    let old = [
      "reject_maps_rbl", "reject_unknown_client", "reject_unknown_hostname", "reject_invalid_hostname", "reject_non_fqdn_hostname",
      "check_relay_domains", "permit_naked_ip_address",
    ]
    let found = words.filter { old.contains($0) }
    return found.isEmpty ? nil : "obsolete: \(found.map { "`\($0)`" }.joined(separator: ", "))"
  }
}

/// DNS lists that have been shut down. Some of them answer for every address, to be asked no more.
enum DeadLists {
  private static let all: Set<String> = [
    "bl.csma.biz", "bl.spamcannibal.org", "blackholes.easynet.nl", "blackholes.mail-abuse.org", "combined.njabl.org", "dnsbl.njabl.org",
    "dnsbl.sorbs.net", "dul.dnsbl.sorbs.net", "dynablock.njabl.org", "ix.dnsbl.manitu.net", "list.dsbl.org", "multihop.dsbl.org", "opm.blitzed.org",
    "relays.mail-abuse.org", "relays.ordb.org", "rhsbl.sorbs.net", "safe.dnsbl.sorbs.net", "sbl.csma.biz", "smtp.dnsbl.sorbs.net",
    "spam.dnsbl.sorbs.net", "spamsources.fabel.dk", "unconfirmed.dsbl.org", "zombie.dnsbl.sorbs.net",
  ]

  static func named(in value: String) -> [String] {
    value.listElements.map { String($0.prefix { $0 != "=" && $0 != "*" }).lowercased() }.filter(all.contains)
  }
}
