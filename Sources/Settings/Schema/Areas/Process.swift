// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let process = Area(
    "Processes and files", "How Weir runs.",
    [
      Keys.dataDirectory, Keys.mailOwner, Keys.eventLoops, Keys.watchdogTimeout, Keys.reloadDrainTimeout, Keys.tableCheckInterval,
      Keys.tableLookupTimeout,
    ])
}

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

  package static let reloadDrainTimeout = Key.duration(
    "reload_drain_timeout", "1h", seconds: 0...2_592_000, .weir, example: "10m",
    """
    After a reload, sessions that are open go on in the processes of before, under the configuration of before. Those that are still open after this time \
    are ended with 421; 0 ends them at once. The value of the new configuration counts.
    """)

  package static let tableCheckInterval = Key.duration(
    "table_check_interval", "5s", seconds: 0...86_400, .weir, example: "1m",
    """
    How often Weir looks whether files of tables have changed. One that has, and has stayed the same from one look to the next, is taken up by a reload of its own, \
    all or nothing as with `weir reload`: a table with an error leaves everything as it was. Where the configuration file has changed, too, it waits for `weir reload`. \
    0 is never.
    """)

  package static let tableLookupTimeout = Key.duration(
    "table_lookup_timeout", "10s", seconds: 1...3600, .weir, example: "5s",
    """
    For how long Weir waits for a table that a plugin answers for, such as `sqlite:`. Without an answer by then it is as if the table had said that it cannot tell \
    for now: mail is answered 451 4.3.0, or stays in the queue. `timeout` in the file of a table is for that one.
    """)
}
