// SPDX-License-Identifier: Apache-2.0

/// A block that Weir knows of and does not have.
struct KnownBlock {
  let message: String
  let hint: String
  /// The settings that have a meaning only there.
  let settings: [String]
  /// The blocks within, by kind, and their settings.
  let blocks: [String: [String]]

  /// In place of names: users give them as they like.
  static let anything = ["*"]

  init(_ settings: [String]) { self.init(message: "", hint: "", settings: settings, blocks: [:]) }

  private init(message: String, hint: String, settings: [String], blocks: [String: [String]]) {
    self.message = message
    self.hint = hint
    self.settings = settings
    self.blocks = blocks
  }

  private static let later = "not yet: remove the block"

  private static func dovecot(
    _ kind: String, _ did: String, _ hint: String = later, _ settings: [String] = [], _ blocks: [String: [String]] = [:]
  ) -> (String, KnownBlock) {
    let message = "`\(kind)` is Dovecot's block that \(did), which Weir does not do"
    return (kind, KnownBlock(message: message, hint: hint, settings: settings, blocks: blocks))
  }

  /// Those of the top level, by kind: of Dovecot 2.3 and 2.4.
  static let outer = Dictionary(
    uniqueKeysWithValues: [
      dovecot("service", "sets up one of its processes", later, service, ["unix_listener": socket, "fifo_listener": socket, "inet_listener": inet]),
      dovecot("passdb", "says where passwords are", "not yet: there are no logins", database, ["fields": anything, "mechanisms": anything]),
      dovecot("userdb", "says where users and their mailboxes are", "use virtual_mailbox_maps", database, ["fields": anything]),
      dovecot("protocol", "holds the settings of one protocol"),
      dovecot("namespace", "lays out mailboxes", later, namespace, ["mailbox": mailbox]),
      dovecot("plugin", "holds the settings of plugins", later, anything),
      dovecot("dict", "names a dictionary", later, anything), dovecot("dict_server", "names dictionaries", later, [], ["dict": anything]),
      dovecot("local", "holds settings for one local address", "use a `listener` block with address = …"),
      dovecot("remote", "holds settings for one client network", "not yet; a table in smtpd_client_restrictions can tell clients apart"),
      dovecot("local_name", "holds settings for one TLS name", "use tls_server_sni_maps"),
      dovecot(
        "metric", "counts events", later, ["event_name", "exporter", "filter", "fields", "categories", "group_by", "description"],
        ["filter": anything]),
      dovecot("event_exporter", "tells other programs of events", later, anything),
      dovecot("oauth2", "sets up OAuth 2"), dovecot("sql", "names a database", "not yet: export the rows to a `hash:` file", anything),
      dovecot("mysql", "names a database server", "not yet: export the rows to a `hash:` file", anything),
      dovecot("pgsql", "names a database server", "not yet: export the rows to a `hash:` file", anything),
      dovecot("ldap", "names a directory", later, anything),
      dovecot(
        "ssl_server", "holds the server's certificate", "use smtpd_tls_cert_file and smtpd_tls_key_file",
        ["cert_file", "key_file", "dh_file", "ca_file"]),
      dovecot("ssl_client", "holds what outgoing TLS needs", later, ["ca_file", "ca_dir", "cert_file", "key_file"]),
      dovecot("import_environment", "lists the environment variables that Dovecot keeps", "remove the block", anything),
      dovecot("mail_attribute", "holds notes to mailboxes", later, [], ["dict": anything]),
    ])

  /// Of which block it is a part, if of any.
  static func outerBlock(of kind: String) -> String? { inner[kind] }

  private static let inner = [
    "unix_listener": "service", "inet_listener": "service", "fifo_listener": "service", "mailbox": "namespace",
  ]

  static let kinds = ["listener", "stage", "transport"] + outer.keys.sorted() + inner.keys.sorted()

  /// What `protocol` can be about, in Weir and in Dovecot.
  static let protocols = ["smtp", "lmtp", "imap", "pop3", "submission", "lda", "sieve", "doveadm", "auth", "indexer-worker"]

  private static let service = [
    "chroot", "client_limit", "drop_priv_before_exec", "executable", "extra_groups", "group", "idle_kill", "idle_kill_interval",
    "privileged_group", "process_limit", "process_min_avail", "protocol", "restart_request_count", "service_count", "type", "user", "vsz_limit",
  ]
  private static let socket = ["path", "user", "group", "mode", "type"]
  private static let inet = ["name", "address", "listen", "port", "ssl", "reuse_port", "haproxy", "type"]
  private static let database = [
    "driver", "args", "name", "deny", "pass", "master", "mechanisms", "username_filter", "skip", "result_success", "result_failure",
    "result_internalfail", "default_fields", "override_fields", "auth_verbose", "use_cache", "query", "iterate_query", "update_query", "fields",
    "passwd_file_path", "ldap_bind", "ldap_filter", "default_password_scheme",
  ]
  private static let namespace = [
    "type", "separator", "prefix", "location", "alias_for", "inbox", "hidden", "list", "subscriptions", "ignore_on_failure", "disabled", "order",
  ]
  private static let mailbox = ["name", "auto", "special_use", "driver", "comment", "autoexpunge", "autoexpunge_max_mails"]
}
