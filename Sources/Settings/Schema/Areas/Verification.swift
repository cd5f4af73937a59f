// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let verification = Area(
    "Address verification",
    """
    How reject_unverified_sender and reject_unverified_recipient find out whether an address takes mail: by asking its server, up to RCPT. docs/verify.md \
    tells more.
    """,
    [
      Keys.unverifiedSenderRejectCode, Keys.unverifiedSenderDeferCode, Keys.unverifiedSenderTempfailAction, Keys.unverifiedSenderRejectReason,
      Keys.unverifiedRecipientRejectCode, Keys.unverifiedRecipientDeferCode, Keys.unverifiedRecipientTempfailAction,
      Keys.unverifiedRecipientRejectReason, Keys.addressVerifyMap, Keys.addressVerifyCacheCleanupInterval, Keys.addressVerifyNegativeCache,
      Keys.addressVerifyPositiveExpireTime, Keys.addressVerifyPositiveRefreshTime, Keys.addressVerifyNegativeExpireTime,
      Keys.addressVerifyNegativeRefreshTime, Keys.addressVerifyPollCount, Keys.addressVerifyPollDelay, Keys.addressVerifyPendingRequestLimit,
      Keys.addressVerifySender, Keys.addressVerifySenderTtl, Keys.smtpAddressVerifyTarget, Keys.lmtpAddressVerifyTarget,
      Keys.addressVerifyTransportMaps, Keys.addressVerifyRelayhost,
      Keys.addressVerifySenderDependentRelayhostMaps, Keys.addressVerifySenderDependentDefaultTransportMaps, Keys.addressVerifyLocalTransport,
      Keys.addressVerifyVirtualTransport, Keys.addressVerifyRelayTransport, Keys.addressVerifyDefaultTransport,
    ])
}

/// The command whose answer tells whether a server takes an address.
package enum VerifyTarget: String, CaseIterable, Sendable {
  case rcpt, data
}

extension Keys {
  package static let unverifiedSenderRejectCode = Key.integer(
    "unverified_sender_reject_code", 450, in: 200...599, .anywhere, example: "550",
    "The code of reject_unverified_sender for an address that its server does not take. With a code below 400 such mail passes.")

  package static let unverifiedSenderDeferCode = Key.integer(
    "unverified_sender_defer_code", 450, in: 200...599, .anywhere, example: "250",
    "The code of reject_unverified_sender while it cannot be found out. With 250 such mail passes.")

  package static let unverifiedSenderTempfailAction = Key.choice(
    "unverified_sender_tempfail_action", "$reject_tempfail_action", .anywhere, example: "defer",
    "What reject_unverified_sender does while it cannot find out: as reject_tempfail_action.")

  package static let unverifiedSenderRejectReason = Key.text(
    "unverified_sender_reject_reason", "", .anywhere, example: "Sender address lookup failed",
    "The text of reject_unverified_sender, in place of what the address's server has said.")

  package static let unverifiedRecipientRejectCode = Key.integer(
    "unverified_recipient_reject_code", 450, in: 200...599, .anywhere, example: "550",
    "The same as unverified_sender_reject_code, for reject_unverified_recipient.")

  package static let unverifiedRecipientDeferCode = Key.integer(
    "unverified_recipient_defer_code", 450, in: 200...599, .anywhere, example: "250",
    "The same as unverified_sender_defer_code, for reject_unverified_recipient.")

  package static let unverifiedRecipientTempfailAction = Key.choice(
    "unverified_recipient_tempfail_action", "$reject_tempfail_action", .anywhere, example: "defer",
    "The same as unverified_sender_tempfail_action, for reject_unverified_recipient.")

  package static let unverifiedRecipientRejectReason = Key.text(
    "unverified_recipient_reject_reason", "", .anywhere, example: "Recipient address lookup failed",
    "The same as unverified_sender_reject_reason, for reject_unverified_recipient.")

  package static let addressVerifyMap = Key.cacheMap(
    "address_verify_map", "btree:$data_directory/verify_cache", example: "btree:/var/lib/weir/verified",
    """
    Where it is kept what was found out: `btree:`, `hash:` or `lmdb:` and a path, which is a folder here, with files of Weir's own. Empty: in memory \
    alone, until Weir ends. At most 100,000 addresses are remembered; then those longest unused are forgotten. What has changed is written every half minute.
    """)

  package static let addressVerifyCacheCleanupInterval = Key.duration(
    "address_verify_cache_cleanup_interval", "12h", seconds: 0...Int(Int32.max), example: "1h",
    "How often addresses whose time is over are looked for. 0: never; they are forgotten only for new ones.")

  package static let addressVerifyNegativeCache = Key.boolean(
    "address_verify_negative_cache", true, .topLevel,
    "Whether it is kept that an address does not take mail. With `no` it is known for a few seconds only, so that each message makes its server be asked anew."
  )

  package static let addressVerifyPositiveExpireTime = Key.duration(
    "address_verify_positive_expire_time", "31d", seconds: 1...Int(Int32.max), example: "7d",
    "How long it is believed that an address takes mail.")

  package static let addressVerifyPositiveRefreshTime = Key.duration(
    "address_verify_positive_refresh_time", "7d", seconds: 1...Int(Int32.max), example: "1d",
    "After how long a good address that is in use is asked about once more, while what is known of it still counts.")

  package static let addressVerifyNegativeExpireTime = Key.duration(
    "address_verify_negative_expire_time", "3d", seconds: 1...Int(Int32.max), example: "1d",
    "How long it is believed that an address takes no mail.")

  package static let addressVerifyNegativeRefreshTime = Key.duration(
    "address_verify_negative_refresh_time", "3h", seconds: 1...Int(Int32.max), example: "30m",
    "After how long a bad address that is in use is asked about once more, while what is known of it still counts.")

  package static let addressVerifyPollCount = Key.integer(
    "address_verify_poll_count", "${stress?{1}:{3}}", in: 1...1000, .anywhere, example: "5",
    """
    How long a client waits for what is found out: one less than this number times address_verify_poll_delay. It is answered earlier when that is known. \
    With 1 the first client is always refused for now.
    """)

  package static let addressVerifyPollDelay = Key.duration(
    "address_verify_poll_delay", "3s", seconds: 1...3600, .anywhere, example: "1s", "See address_verify_poll_count.")

  package static let addressVerifyPendingRequestLimit = Key.integer(
    "address_verify_pending_request_limit", 5000, in: 1...1_000_000, example: "1000",
    "How many addresses may be asked about at a time. What is more is not asked, and refused for now.")

  package static let addressVerifySender = Key.text(
    "address_verify_sender", "$double_bounce_sender", example: "postmaster",
    "The sender in the conversations with other servers: empty for `<>`. It is completed by myorigin, and takes mail itself, so that others can verify it."
  )

  package static let addressVerifySenderTtl = Key.duration(
    "address_verify_sender_ttl", "0s", seconds: 0...Int(Int32.max), example: "1h",
    "If not 0, address_verify_sender gets a suffix that changes so often: nobody can send it mail for long.")

  package static let smtpAddressVerifyTarget = Key.choice(
    "smtp_address_verify_target", VerifyTarget.rcpt, .topLevel, example: "data",
    "The command whose answer counts: `rcpt`, or `data` for servers that refuse recipients only there. The connection ends then without mail.")

  package static let lmtpAddressVerifyTarget = Key.choice(
    "lmtp_address_verify_target", VerifyTarget.rcpt, .topLevel, example: "data", "As smtp_address_verify_target, for LMTP.")

  package static let addressVerifyTransportMaps = Key.tables(
    "address_verify_transport_maps", "$transport_maps", example: "hash:/etc/weir/transport",
    "The same as transport_maps, for the question whether an address takes mail.")

  package static let addressVerifyRelayhost = Key.text(
    "address_verify_relayhost", "$relayhost", example: "[verify.example.com]",
    "The same as relayhost, for the question whether an address takes mail. A relay mostly takes everything, so the answer is better without it.")

  package static let addressVerifySenderDependentRelayhostMaps = Key.tables(
    "address_verify_sender_dependent_relayhost_maps", "$sender_dependent_relayhost_maps", example: "hash:/etc/weir/relayhosts",
    "The same as sender_dependent_relayhost_maps, for the question whether an address takes mail.")

  package static let addressVerifySenderDependentDefaultTransportMaps = Key.tables(
    "address_verify_sender_dependent_default_transport_maps", "$sender_dependent_default_transport_maps", example: "hash:/etc/weir/sender_transport",
    "The same as sender_dependent_default_transport_maps, for the question whether an address takes mail.")

  package static let addressVerifyLocalTransport = Key.text(
    "address_verify_local_transport", "$local_transport", example: "local",
    "The same as local_transport, for the question whether an address takes mail.")

  package static let addressVerifyVirtualTransport = Key.text(
    "address_verify_virtual_transport", "$virtual_transport", example: "virtual",
    "The same as virtual_transport, for the question whether an address takes mail.")

  package static let addressVerifyRelayTransport = Key.text(
    "address_verify_relay_transport", "$relay_transport", example: "relay",
    "The same as relay_transport, for the question whether an address takes mail.")

  package static let addressVerifyDefaultTransport = Key.text(
    "address_verify_default_transport", "$default_transport", example: "smtp",
    "The same as default_transport, for the question whether an address takes mail.")
}
