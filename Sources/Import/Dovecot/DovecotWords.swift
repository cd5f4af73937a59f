// SPDX-License-Identifier: Apache-2.0
import Settings

/// What becomes of a line of Dovecot's, in the words of the schema.
enum DovecotFate {
  case keep
  case translated(String)
  case refused(String)

  /// A setting at the top level.
  init(_ name: String, _ value: String) {
    if let definition = Schema.definition(name), definition.origin == .dovecot {
      self = .keep
    } else if let known = Schema.knownName(name), known.origin == .dovecot {
      self = Self.of(known, value)
    } else {
      let meant = Schema.suggestion(for: name).map { ". Did you mean `\($0)`?" } ?? ""
      self = .refused("Weir does not know this setting of Dovecot\(meant)")
    }
  }

  private static func of(_ known: KnownName, _ value: String) -> DovecotFate {
    switch known.standing {
    case .needless: .translated("not needed: it \(known.did). \(known.instead.asSentence)")
    case .missing where known.sameAs.contains(value), .later where known.sameAs.contains(value):
      .translated("not needed: it \(known.did); this value is what Weir does anyway")
    case .missing: .refused("it \(known.did), which Weir does not do. \(known.instead.asSentence)")
    case .later: .refused("it \(known.did), which Weir does not do yet. \(known.instead.asSentence)")
    }
  }

  /// A setting inside a block, or the block itself. `outer` are the kinds of the blocks around it, outermost first.
  init(_ name: String, inside outer: [String]) {
    if outer.first == DovecotQuotas.statusService {
      self = .translated("not needed: Weir looks itself whether there is room when a recipient is named")
    } else if outer == ["quota"] {
      self = .refused("not yet: it is a block about quotas that Weir does not have")
    } else if name == "}" {
      self = .refused("the end of its block")
    } else if outer == ["service"], Self.processes.contains(name) {
      self = .translated("not needed: it limits processes that Weir does not have")
    } else if let reason = outer.first.flatMap({ Self.blocks[$0] }) {
      self = .refused(reason)
    } else {
      self = .refused("Weir has no block `\(outer.first ?? name)`")
    }
  }

  private static let processes: Set<String> = [
    "process_limit", "process_min_avail", "client_limit", "service_count", "vsz_limit", "idle_kill", "restart_request_count", "idle_kill_interval",
    "service_process_limit", "service_client_limit", "service_vsz_limit", "service_restart_request_count", "service_process_min_avail", "chroot",
    "user",
  ]

  private static let blocks = [
    "service": "it sets up one of Dovecot's processes. Keep Dovecot running for users who read their mail",
    "passdb": "it says where passwords are; Weir has no logins yet",
    "userdb": "it says where users and their mailboxes are. List them in virtual_mailbox_maps",
    "protocol": "it holds the settings of a protocol that Weir does not speak with users yet. Keep Dovecot running for it",
    "namespace": "it lays out mailboxes for IMAP. Keep Dovecot running for it", "plugin": "it sets up Dovecot's plugins, which Weir does not have",
    "dict": "it names a dictionary of Dovecot's", "dict_server": "it names a dictionary of Dovecot's",
    "local": "it holds settings for one local address; not yet", "remote": "it holds settings for some clients; not yet",
    "local_name": "it holds settings for one TLS name. Use tls_server_sni_maps", "metric": "it counts events of Dovecot's",
    "oauth2": "it sets up OAuth 2; Weir has no logins yet", "mysql": "it names a database; not yet", "pgsql": "it names a database; not yet",
    "ldap": "it names a directory; not yet", "sqlite": "it names a database; not yet", "sql_driver": "it names a database; not yet",
    "mail_plugins": "Weir does not have Dovecot's plugins", "quota": "it runs a command when a mailbox fills; not yet",
    "sieve_script": "Sieve is not there yet",
    "acl": "it shares mailboxes; not yet", "fts": "it indexes mail for searches; not yet", "event_exporter": "it sends events of Dovecot's to others",
    "import_environment": "it lists environment variables of Dovecot's", "mail_attribute": "it holds attributes of mailboxes; not yet",
    "fs": "it names a place for files of Dovecot's", "layout": "it lays out mailboxes",
    "protocols": "it lists what is spoken with users. Keep Dovecot running for them", "mailbox": "it lays out mailboxes for IMAP",
    "auth_policy_server": "it asks a policy server about logins; Weir has no logins yet", "group": "it names settings for later use",
  ]
}
