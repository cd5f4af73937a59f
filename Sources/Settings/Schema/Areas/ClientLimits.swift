// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let clientLimits = Area(
    "Limits of a client", "How much one client may do, over all its connections to a listener. What is counted is kept in memory only.",
    [
      Keys.smtpdClientConnectionCountLimit, Keys.smtpdClientConnectionRateLimit, Keys.smtpdClientMessageRateLimit,
      Keys.smtpdClientRecipientRateLimit, Keys.smtpdClientNewTlsSessionRateLimit, Keys.smtpdClientAuthRateLimit,
      Keys.smtpdClientEventLimitExceptions, Keys.smtpdClientIpv4PrefixLength, Keys.smtpdClientIpv6PrefixLength, Keys.anvilRateTimeUnit,
      Keys.anvilStatusUpdateTime,
    ])
}

extension Keys {
  package static let smtpdClientConnectionCountLimit = Key.integer(
    "smtpd_client_connection_count_limit", 50, .anywhere, example: "10", "How many connections one client may hold at a time. 0 means no limit.")

  package static let smtpdClientConnectionRateLimit = Key.integer(
    "smtpd_client_connection_rate_limit", 0, .anywhere, example: "60",
    "How many connections one client may open in the time of anvil_rate_time_unit. 0 means no limit.")

  package static let smtpdClientMessageRateLimit = Key.integer(
    "smtpd_client_message_rate_limit", 0, .anywhere, example: "100",
    "How many messages one client may begin (MAIL) in that time, whether they are accepted or not. 0 means no limit.")

  package static let smtpdClientRecipientRateLimit = Key.integer(
    "smtpd_client_recipient_rate_limit", 0, .anywhere, example: "500",
    "How many recipients one client may name (RCPT, VRFY) in that time, whether they are accepted or not. 0 means no limit.")

  package static let smtpdClientNewTlsSessionRateLimit = Key.integer(
    "smtpd_client_new_tls_session_rate_limit", 0, .anywhere, example: "30",
    "How many TLS handshakes one client may make in that time. A session that is resumed does not count. 0 means no limit.")

  package static let smtpdClientAuthRateLimit = Key.integer(
    "smtpd_client_auth_rate_limit", 0, .anywhere, example: "10", "How often one client may say AUTH in that time. 0 means no limit.")

  package static let smtpdClientEventLimitExceptions = Key.clients(
    "smtpd_client_event_limit_exceptions", "$mynetworks", .anywhere, example: "$mynetworks, 192.0.2.0/24",
    "Clients to which the limits per client do not apply. Those of smtpd_authorized_xclient_hosts are not counted either.")

  package static let smtpdClientIpv4PrefixLength = Key.integer(
    "smtpd_client_ipv4_prefix_length", 32, in: 0...32, .anywhere, example: "24",
    "Clients whose IPv4 addresses begin with the same so many bits count as one.")

  package static let smtpdClientIpv6PrefixLength = Key.integer(
    "smtpd_client_ipv6_prefix_length", 84, in: 0...128, .anywhere, example: "64",
    "The same for IPv6, where one client has many addresses.")

  package static let anvilRateTimeUnit = Key.duration(
    "anvil_rate_time_unit", "60s", example: "1m", "The time over which rates per client are counted.")

  package static let anvilStatusUpdateTime = Key.duration(
    "anvil_status_update_time", "600s", example: "1h", "How often the highest figures of all clients are logged.")
}
