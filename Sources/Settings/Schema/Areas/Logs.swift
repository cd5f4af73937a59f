// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let logs = Area(
    "Logs", "Where Weir says what it does, and how. See docs/logs.md.",
    [
      Keys.logTargets, Keys.logStyle, Keys.logTimeFormat, Keys.syslogName, Keys.syslogFacility, Keys.syslogSocket, Keys.journaldSocket,
      Keys.maillogFile, Keys.maillogFilePrefixes, Keys.maillogFilePermissions, Keys.maillogFileRotateSuffix, Keys.maillogFileCompressor,
    ])
}

package enum LogTarget: String, CaseIterable, Sendable { case auto, stdout, stderr, file, syslog, journald }

package enum LogStyle: String, CaseIterable, Sendable { case auto, terminal, classic, json }

package enum LogTimeFormat: String, CaseIterable, Sendable { case classic, rfc3339 }

/// RFC 5424 §6.2.1, in the order of its numbers.
package enum SyslogFacility: String, CaseIterable, Sendable {
  case kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp
  case local0, local1, local2, local3, local4, local5, local6, local7

  package var number: Int {
    let index = Self.allCases.firstIndex(of: self) ?? 2
    return index < 12 ? index : index + 4
  }
}

extension Keys {
  package static let logTargets = Key.choices(
    "log_targets", "auto", of: LogTarget.allCases.map(\.rawValue), .weir, example: "file, syslog",
    """
    Where the log goes, to all of these at once: `stdout`, `stderr`, `file` (maillog_file), `syslog` (syslog_socket), `journald` (journald_socket). \
    `auto`: to maillog_file if it is set, else to standard output. Under systemd, when standard output is the journal, `auto` writes to the journal \
    itself, and to maillog_file, which is then /var/log/mail.log if it is not set; unless a syslog daemon takes what the journal gets: the file is its.
    """)

  package static let logStyle = Key.choice(
    "log_style", LogStyle.auto, .weir, example: "json",
    """
    How lines look in maillog_file and on standard output. `terminal`: coloured, for people. `classic`: as syslog, for log analysers. `json`: an object \
    on each line. `auto`: the first on a terminal, else the second.
    """)

  package static let logTimeFormat = Key.choice(
    "log_time_format", LogTimeFormat.classic, .weir, example: "rfc3339",
    "The time of lines in the style `classic`: `classic` as syslog had it (`Nov 21 01:45:07`), or `rfc3339` (`2026-11-21T01:45:07.123456+01:00`).")

  package static let syslogName = Key.text(
    "syslog_name", "postfix", .anywhere, example: "postfix/submission",
    "The name before the `/` in log lines. Log analysers look for `postfix`, also with `/submission` or `/smtps` after it.")

  package static let syslogFacility = Key.choice(
    "syslog_facility", SyslogFacility.mail, example: "local1", "The facility that syslog and the journal file the log under.")

  package static let syslogSocket = Key.path(
    "syslog_socket", "/dev/log", .weir, example: "/run/systemd/journal/dev-log", "The socket of the syslog daemon, for log_targets = syslog.")

  package static let journaldSocket = Key.path(
    "journald_socket", "/run/systemd/journal/socket", .weir, example: "/run/systemd/journal.mail/socket",
    "The socket of the journal, for log_targets = journald: another namespace of it, for instance.")

  package static let maillogFile = Key.path(
    "maillog_file", "", example: "/var/log/mail.log",
    "The log file, below one of maillog_file_prefixes. `/dev/stdout` is standard output. Made if it is missing, and again on SIGHUP and SIGUSR1.")

  package static let maillogFilePrefixes = Key.words(
    "maillog_file_prefixes", "/var, /dev/stdout", example: "/var, /srv/log",
    "What maillog_file must begin with: a slip in its name should not hurt other files.")

  package static let maillogFilePermissions = Key.mode(
    "maillog_file_permissions", "0600", .topLevel, example: "0640", "The permissions of a maillog_file that Weir makes.")

  package static let maillogFileRotateSuffix = Key.text(
    "maillog_file_rotate_suffix", "%Y%m%d-%H%M%S", example: "%Y%m%d",
    "What `weir log rotate` appends to the name of the old file, after a dot; as in strftime.")

  package static let maillogFileCompressor = Key.text(
    "maillog_file_compressor", "gzip", example: "xz", "The program that `weir log rotate` packs the old file with; empty for none.")
}
