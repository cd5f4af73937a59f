// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let process = Area(
    "Processes, files and logs", "How Weir runs.",
    [Keys.dataDirectory, Keys.mailOwner, Keys.eventLoops, Keys.watchdogTimeout, Keys.maillogFile, Keys.syslogName, Keys.logStyle])
}

package enum LogStyle: String, CaseIterable, Sendable { case auto, terminal, classic }

extension Keys {
  package static let dataDirectory = Key.path(
    "data_directory", "/var/lib/weir", example: "/srv/weir",
    "The folder for all that Weir keeps: the spool unless queue_directory says otherwise, keys, state.")

  package static let mailOwner = Key.text(
    "mail_owner", "weir", example: "mail", "The user that Weir's processes run as when it is started as root.")

  package static let eventLoops = Key.integer(
    "event_loops", "1", in: 1...1024, Traits(origin: .weir, computedDefault: "the number of processors"), example: "2",
    "How many threads serve connections.")

  package static let watchdogTimeout = Key.duration(
    "watchdog_timeout", "60s", seconds: 0...86_400, .weir, example: "5m",
    """
    A process that has not told the supervisor for so long that it works is replaced; 0 for never. Under systemd with `WatchdogSec=` the supervisor is \
    itself watched.
    """)

  package static let maillogFile = Key.path(
    "maillog_file", "", example: "/var/log/maillog", "The log file. `/dev/stdout` and empty mean standard output.")

  package static let syslogName = Key.text(
    "syslog_name", "postfix", .anywhere, example: "weir", "The name before the `/` in log lines. Log analysers look for `postfix`.")

  package static let logStyle = Key.choice(
    "log_style", LogStyle.auto, .weir, example: "classic",
    "`terminal`: coloured, for people. `classic`: as syslog, for log analysers. `auto`: the first on a terminal, else the second.")
}
