// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A setting of Postfix or Dovecot that Weir knows of and does not have.
package struct KnownName: Sendable {
  package enum Standing: Sendable {
    /// Without it mail would be treated otherwise than its author expects: an error.
    case missing
    /// Something is lost without it, but mail is treated as its author expects: a warning.
    case later
    /// Nothing is lost without it: a warning.
    case needless
  }

  package let name: String
  package let origin: Definition.Origin
  package let standing: Standing
  /// What it did, as the end of "it …".
  package let did: String
  /// What to do instead.
  package let instead: String
  /// Values by which nothing changes, since Weir does the same anyway.
  package let sameAs: Set<String>

  package static let all = postfix + dovecot

  /// What to say where it is set to `value`, its elements apart by single blanks.
  func diagnostic(_ place: LocatedText, value: String) -> Diagnostic {
    let message = "`\(name)` is \(origin.title)'s: it \(did)"
    switch standing {
    case .missing where sameAs.contains(value):
      return .warning(place, "\(message); this value is what Weir does anyway", hint: "remove the line")
    case .missing where Self.postfixDefaults[name] == value:
      return .warning(place, "\(message), which Weir does not do; this value is its default", hint: instead)
    case .missing: return .error(place, "\(message), which Weir does not do", hint: instead)
    case .later where sameAs.contains(value):
      return .warning(place, "\(message); this value is what Weir does anyway", hint: "remove the line")
    case .later: return .warning(place, "\(message), which Weir does not do yet", hint: instead)
    case .needless: return .warning(place, "\(message); it has no effect here", hint: instead)
    }
  }

  /// An empty value, 0 and no turn most things off: then there is nothing to miss.
  static let off: Set<String> = ["", "0", "no", "none"]

  static func missing(
    _ origin: Definition.Origin, _ name: String, _ did: String, _ instead: String = "not yet: remove the line", sameAs: Set<String> = []
  ) -> KnownName {
    KnownName(name: name, origin: origin, standing: .missing, did: did, instead: instead, sameAs: off.union(sameAs))
  }

  static func later(_ origin: Definition.Origin, _ name: String, _ did: String, _ instead: String) -> KnownName {
    KnownName(name: name, origin: origin, standing: .later, did: did, instead: instead, sameAs: off)
  }

  static func needless(_ origin: Definition.Origin, _ name: String, _ did: String, _ instead: String = "remove the line") -> KnownName {
    KnownName(name: name, origin: origin, standing: .needless, did: did, instead: instead, sameAs: [])
  }

  /// Slips that tutorials and habits produce, too far from the right name for a count of letters.
  package static let slips = [
    "home_directory": "home_mailbox", "mail_directory": "home_mailbox", "maildir": "home_mailbox", "mailbox": "home_mailbox",
    "my_host_name": "myhostname", "my_hostname": "myhostname", "host_name": "myhostname", "domain": "mydomain",
    "my_domain": "mydomain", "domain_name": "mydomain", "origin": "myorigin", "destination": "mydestination", "destinations": "mydestination",
    "network": "mynetworks", "networks": "mynetworks", "my_networks": "mynetworks", "trusted_networks": "mynetworks", "interfaces": "inet_interfaces",
    "interface": "inet_interfaces", "bind_address": "inet_interfaces", "inet_protocol": "inet_protocols", "banner": "smtpd_banner",
    "max_message_size": "message_size_limit", "size_limit": "message_size_limit", "log_file": "maillog_file",
    "logfile": "maillog_file", "user": "mail_owner", "certificate": "smtpd_tls_cert_file", "ssl_certificate": "smtpd_tls_cert_file",
    "tls_cert_file": "smtpd_tls_cert_file", "tls_key_file": "smtpd_tls_key_file", "tls_certificate": "smtpd_tls_cert_file",
    "tls_key": "smtpd_tls_key_file", "ssl_certificate_key": "smtpd_tls_key_file",
    "virtual_domains": "virtual_mailbox_domains", "virtual_mailboxes": "virtual_mailbox_maps", "smart_host": "relayhost", "smarthost": "relayhost",
    "spool_directory": "queue_directory",
  ]
}
