// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpLimits = Area(
    "Limits of a session", "How much and how long.",
    [
      Keys.messageSizeLimit, Keys.lineLengthLimit, Keys.hopcountLimit, Keys.smtpdRecipientLimit, Keys.smtpdRecipientOvershootLimit,
      Keys.smtpdTimeout, Keys.smtpdStarttlsTimeout, Keys.smtpdPerRequestDeadline, Keys.smtpdMinDataRate, Keys.smtpdErrorSleepTime,
      Keys.smtpdSoftErrorLimit, Keys.smtpdHardErrorLimit, Keys.smtpdJunkCommandLimit, Keys.smtpdConnectionLimit, Keys.stress,
    ])
}

extension Keys {
  package static let messageSizeLimit = Key.byteCount(
    "message_size_limit", "10240000", .anywhere, example: "50M",
    "The longest message that is accepted, envelope included. 0 means no limit. K, M and G may follow the number.")

  package static let lineLengthLimit = Key.byteCount(
    "line_length_limit", "2048", in: 512...1_048_576, .anywhere, example: "4096",
    "The longest line: of a command, which is refused beyond it, and of a message's text in memory, where a longer line is taken in pieces.")

  package static let hopcountLimit = Key.integer(
    "hopcount_limit", 50, in: 1...1000, .anywhere, example: "30",
    "A message with more Received: lines than this goes round in a circle and is refused.")

  package static let smtpdRecipientLimit = Key.integer(
    "smtpd_recipient_limit", 1000, in: 1...100_000, .anywhere, example: "100", "How many recipients one message may have.")

  package static let smtpdRecipientOvershootLimit = Key.integer(
    "smtpd_recipient_overshoot_limit", 1000, in: 1...1_000_000, .anywhere, example: "100",
    "How many recipients beyond smtpd_recipient_limit a client may try before each counts as an error.")

  package static let smtpdTimeout = Key.duration(
    "smtpd_timeout", "${stress?{10}:{300}}s", .anywhere, example: "60s", "How long the server waits for the client to send, or to take what is sent.")

  package static let smtpdStarttlsTimeout = Key.duration(
    "smtpd_starttls_timeout", "300s", .anywhere, example: "60s", "The same while TLS begins.")

  package static let smtpdPerRequestDeadline = Key.boolean(
    "smtpd_per_request_deadline", "${stress?{yes}:{no}}", .anywhere, example: "yes",
    "Whether smtpd_timeout counts for a whole command instead of each piece of it; a client that sends byte by byte then gains nothing.")

  package static let smtpdMinDataRate = Key.integer(
    "smtpd_min_data_rate", 500, in: 1...1_000_000_000, .anywhere, example: "1000",
    "With smtpd_per_request_deadline: the bytes per second that a client must keep up while it sends a message.")

  package static let smtpdErrorSleepTime = Key.duration(
    "smtpd_error_sleep_time", "1s", seconds: 0...3600, .anywhere, example: "0",
    "How long the answer waits once a client has made more than smtpd_soft_error_limit errors.")

  package static let smtpdSoftErrorLimit = Key.integer(
    "smtpd_soft_error_limit", 10, .anywhere, example: "3", "After so many errors answers become slow.")

  package static let smtpdHardErrorLimit = Key.integer(
    "smtpd_hard_error_limit", "${stress?{1}:{20}}", in: 1...Int(Int32.max), .anywhere, example: "5", "After so many errors the server hangs up.")

  package static let smtpdJunkCommandLimit = Key.integer(
    "smtpd_junk_command_limit", "${stress?{1}:{100}}", in: 1...Int(Int32.max), .anywhere, example: "50",
    "How many commands that do nothing (NOOP, VRFY, RSET, ETRN) a client may send per message before each counts as an error.")

  package static let smtpdConnectionLimit = Key.integer(
    "smtpd_connection_limit", 20_000, in: 1...1_000_000, .weirAnywhere, example: "1000",
    "How many connections a listener holds at a time, from all clients. Beyond it a client gets 421.")

  package static let stress = Key.text(
    "stress", "", .anywhere, example: "yes",
    """
    What `$stress` stands for: by itself nothing, and `yes` for connections that come while a listener holds nine tenths of the sessions that it serves at \
    a time, until they are fewer than seven tenths. So `${stress?{10}:{300}}s` is 10 seconds for those. Set it, to `yes` or to nothing, to fix it.
    """)
}
