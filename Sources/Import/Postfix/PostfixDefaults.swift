// SPDX-License-Identifier: Apache-2.0
import Settings

/// What Postfix 3.7 takes where main.cf says nothing, as far as an import needs it.
enum PostfixDefaults {
  /// Values that others refer to, and that Weir has none or another of.
  private static let texts = [
    "alias_database": "hash:/etc/aliases", "alias_maps": "hash:/etc/aliases", "command_directory": "/usr/sbin", "config_directory": "/etc/postfix",
    "daemon_directory": "/usr/lib/postfix/sbin", "data_directory": "/var/lib/postfix", "default_database_type": "hash", "default_privs": "nobody",
    "home_mailbox": "", "mail_name": "Postfix", "mail_owner": "postfix", "mail_version": "3.7.11", "multi_instance_name": "",
    "queue_directory": "/var/spool/postfix", "setgid_group": "postdrop", "stress": "", "smtpd_tls_security_level": "",
    "smtpd_recipient_restrictions": "", "smtpd_client_restrictions": "", "smtpd_sasl_auth_enable": "no", "smtpd_tls_auth_only": "no",
    "smtpd_sasl_security_options": "noanonymous", "virtual_mailbox_maps": "", "virtual_alias_maps": "", "relay_recipient_maps": "",
  ]

  static func value(_ name: String, level: Int) -> String? { byLevel(level)[name] ?? texts[name] }

  /// Defaults that depend on compatibility_level.
  private static func byLevel(_ level: Int) -> [String: String] {
    [
      "append_dot_mydomain": level < 1 ? "yes" : "no", "smtputf8_enable": level < 1 ? "no" : "yes",
      "relay_domains": level < 2 ? "$mydestination" : "", "mynetworks_style": level < 2 ? "subnet" : "host",
      "smtpd_relay_restrictions": level < 1 ? "" : "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
    ]
  }

  /// What stands in the weir.conf so that it means what main.cf did by saying nothing.
  static func implied(_ main: MainSettings) -> [(name: String, value: String)] {
    let level = main.compatibilityLevel
    var wanted: [(String, String)] = byLevel(level).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    if main["virtual_mailbox_maps"] != nil { wanted.append(("virtual_mailbox_domains", "$virtual_mailbox_maps")) }
    let old = ["smtpd_use_tls", "smtpd_enforce_tls"].contains { main.value($0)?.lowercased() == "yes" }
    if !old { wanted.append(("smtpd_tls_security_level", "none")) }
    wanted.append(("home_mailbox", ""))
    // Postfix since 3.6 takes sha256, if compatibility_level says that too.
    if main.knowsFingerprints, !main.isCompatible(with: (3, 6)) { wanted.append(("smtpd_tls_fingerprint_digest", "md5")) }
    if Schema.definition("alias_maps") != nil { wanted.append(("local_recipient_maps", "proxy:unix:passwd.byname $alias_maps")) }
    let needless = main["mynetworks"] == nil ? "" : "mynetworks_style"
    return wanted.filter { name, value in
      guard name != needless, main[name] == nil, let definition = Schema.definition(name) else { return false }
      if name == "smtpd_relay_restrictions", level >= 1 { return false }
      return definition.defaultText != value
    }
  }
}
