// SPDX-License-Identifier: Apache-2.0

/// Names that Postfix and Dovecot make by a rule, too many to list: `slow_destination_rate_delay` for a transport called `slow`,
/// `lmtp_connect_timeout` for `smtp_connect_timeout`, `sieve_vacation_min_period` for something of Sieve's.
enum KnownFamily {
  /// The twins of other settings that Postfix gives to lmtp(8) and tlsproxy(8).
  static func twin(of name: String, known: (String) -> KnownName?, isDefined: (String) -> Bool) -> KnownName? {
    for (prefix, original) in [("lmtp_", "smtp_"), ("tlsproxy_client_", "smtp_tls_"), ("tlsproxy_tls_", "smtpd_tls_")] where name.hasPrefix(prefix) {
      let other = original + name.dropFirst(prefix.count)
      if let twin = known(other) { return twin.renamed(name, instead: twin.instead) }
      if isDefined(other) { return .missing(.postfix, name, "is \(other) for another of Postfix's programs", "use \(other)", sameAs: ["$\(other)"]) }
    }
    return nil
  }

  /// Postfix, master(5): each transport NAME has these.
  static func transport(_ name: String) -> KnownName? {
    guard let suffix = transportSuffixes.first(where: { name.hasSuffix($0.0) && name.utf8.count > $0.0.utf8.count }) else { return nil }
    return .needless(.postfix, name, "\(suffix.1) of one transport", "not yet: transports are not set up one by one")
  }

  /// These programs of Postfix, and those in Debian's master.cf, have transports of their name.
  static func isWellKnownTransport(_ name: String) -> Bool { transports.contains { name.hasPrefix($0 + "_") } }

  private static let transports = [
    "smtp", "lmtp", "relay", "local", "virtual", "error", "retry", "discard", "pipe", "default", "proxymap", "maildrop", "uucp", "ifmail", "bsmtp",
    "scalemail-backend", "mailman", "dovecot", "amavis", "smtp-amavis", "amavisfeed", "spamassassin", "spamfilter", "filter", "procmail", "cyrus",
    "slow", "spf", "policy", "policyd-spf", "greylist", "vacation", "autoreply",
  ]

  private static let transportSuffixes = [
    ("_recipient_refill_delay", "limits the recipients in memory"),
    ("_recipient_refill_limit", "limits the recipients in memory"),
    ("_delivery_slot_discount", "lets small messages overtake big ones"),
    ("_delivery_status_filter", "rewrites the results of deliveries"),
    ("_minimum_delivery_slots", "lets small messages overtake big ones"),
    ("_extra_recipient_limit", "limits the recipients in memory"),
    ("_delivery_slot_cost", "lets small messages overtake big ones"),
    ("_delivery_slot_loan", "lets small messages overtake big ones"),
    ("_recipient_limit", "limits the recipients in memory"),
    ("_time_limit", "limits the time of the commands"),
  ]

  /// Dovecot 2.4 has a flat name for each setting of each part: `fts_flatcurve_min_term_size`.
  static func dovecot(_ name: String) -> KnownName? {
    // `quota2_rule`, `quota_warning3`
    if name.hasPrefix("quota"), name.utf8.count > 5 { return .later(.dovecot, name, "limits the sizes of mailboxes", "not yet: remove the line") }
    return dovecotParts.first { name.hasPrefix($0.0) && name.utf8.count > $0.0.utf8.count }
      .map { .missing(.dovecot, name, "sets up \($0.1)", $0.2.isEmpty ? "not yet: remove the line" : $0.2) }
  }

  /// `quota2`, `quota2_rule`, `quota_warning3`: further quotas and warnings of Dovecot 2.3.
  static func numberedQuota(_ name: String) -> KnownName? {
    let isQuota = name.hasPrefix("quota") && name.dropFirst(5).first?.isNumber == true
    let isWarning = name.hasPrefix("quota_warning") && name.dropFirst(13).utf8.allSatisfy(\.isDigit)
    if isQuota { return .later(.dovecot, name, "sets up a further quota", "not yet: remove the line") }
    return isWarning ? .later(.dovecot, name, "runs a command when a mailbox fills", "not yet: remove the line") : nil
  }

  private static let dovecotParts = [
    ("acl_", "access rights to mailboxes", ""), ("auth_policy_", "the questions to a policy server", ""),
    ("cassandra_", "a Cassandra database", "not planned"), ("crypt_", "encrypted mailboxes", ""), ("dict_", "a dictionary", ""),
    ("director_", "the director, which spreads users over servers", "not planned"), ("doveadm_", "doveadm", "not yet: there is no doveadm"),
    ("dsync_", "dsync", "not yet: there is no dsync"), ("event_exporter_", "what is told of events", "not yet"),
    ("expire_", "the removal of old mail", ""), ("fifo_listener_", "a socket of one of its processes", "use a `listener` block"),
    ("fs_", "a kind of file storage", ""), ("fts_", "full-text search", ""), ("http_client_", "its HTTP client", ""),
    ("imapc_", "mailboxes on another IMAP server", ""), ("imapsieve_", "Sieve scripts in IMAP", ""),
    ("inet_listener_", "a port of one of its processes", "use a `listener` block"), ("language_", "the languages of full-text search", ""),
    ("last_login_", "a note of each login", ""), ("lazy_expunge_", "a second chance for deleted mail", ""), ("ldap_", "a directory", ""),
    ("lua_", "Lua scripts", ""), ("mail_cache_", "index files", ""), ("mail_compress_", "compressed mailboxes", ""),
    ("mail_crypt_", "encrypted mailboxes", ""), ("mail_index_", "index files", ""), ("mail_log_", "a log of what users do", ""),
    ("mail_lua_", "Lua scripts", ""), ("mail_attachment_", "where attachments are kept", ""), ("mail_cache_", "index files", ""),
    ("mailbox_", "one mailbox", ""), ("managesieve_", "ManageSieve", "not yet: there is no Sieve"), ("metric_", "what is counted", ""),
    ("mysql_", "a MySQL database", "not yet: export the rows to a `hash:` file"), ("namespace_", "the layout of mailboxes", ""),
    ("notify_", "what is told of changes", ""), ("oauth2_", "logins by OAuth 2", ""), ("obox_", "mailboxes in an object store", ""),
    ("passdb_", "where passwords are", "not yet: there are no logins"), ("passwd_file_", "a file of users and passwords", ""),
    ("pgsql_", "a PostgreSQL database", "not yet: export the rows to a `hash:` file"), ("pop3_migration_", "the move from another POP3 server", ""),
    ("pop3c_", "mailboxes on another POP3 server", ""), ("push_notification_", "what is told of new mail", ""),
    ("redis_", "a Redis server", ""), ("replication_", "a second server with the same mailboxes", "not planned"),
    ("service_", "one of its processes", "remove the line"), ("sieve_", "Sieve scripts", "not yet: there is no Sieve"),
    ("solr_", "full-text search by Solr", ""), ("sql_", "a database", "not yet: export the rows to a `hash:` file"),
    ("sqlite_", "an SQLite database", "not yet: export the rows to a `hash:` file"), ("stats_", "what is counted", ""),
    ("trash_", "what goes first when a mailbox is full", ""),
    ("unix_listener_", "a socket of one of its processes", "use a `listener` block with address = unix:/path"),
    ("userdb_", "where users and their mailboxes are", "use virtual_mailbox_maps"), ("welcome_", "a first mail for new users", ""),
    ("zlib_", "compressed mailboxes", ""),
    ("submission_relay_", "the server to which submitted mail goes", "not yet: mail for other servers waits in the spool"),
  ]
}

extension KnownName {
  /// The same, said of another name.
  func named(_ name: String) -> KnownName { renamed(name, instead: instead) }

  fileprivate func renamed(_ name: String, instead: String) -> KnownName {
    KnownName(name: name, origin: origin, standing: standing, did: did, instead: instead, sameAs: sameAs)
  }
}
