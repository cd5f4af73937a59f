// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let scheduling = Area(
    "Scheduling",
    """
    When mail is tried, and how much of it at a time. docs/relay.md tells how. Settings that begin with `default_`, and \
    initial_destination_concurrency, can be given to one transport: with its name in place of `default`, as in \
    `smtp_destination_concurrency_limit` and `slow_initial_destination_concurrency`.
    """,
    [
      Keys.minimalBackoffTime, Keys.maximalBackoffTime, Keys.maximalQueueLifetime, Keys.bounceQueueLifetime, Keys.queueRunDelay,
      Keys.transportRetryTime, Keys.deferTransports, Keys.defaultProcessLimit, Keys.initialDestinationConcurrency,
      Keys.defaultDestinationConcurrencyLimit, Keys.defaultDestinationConcurrencyPositiveFeedback, Keys.defaultDestinationConcurrencyNegativeFeedback,
      Keys.defaultDestinationConcurrencyFailedCohortLimit,
      Keys.defaultDestinationRecipientLimit, Keys.defaultDestinationRateDelay, Keys.defaultTransportRateDelay, Keys.localDestinationConcurrencyLimit,
      Keys.localDestinationRecipientLimit, Keys.qmgrMessageActiveLimit, Keys.qmgrMessageRecipientLimit,
    ])
}

extension Keys {
  package static let minimalBackoffTime = Key.duration(
    "minimal_backoff_time", "300s", example: "60s",
    "The shortest time until a message that could not be delivered is tried again, and for which a destination that does not answer is left alone.")

  package static let maximalBackoffTime = Key.duration(
    "maximal_backoff_time", "4000s", example: "2h",
    "The longest time until a message is tried again. In between, the time doubles with each try.")

  package static let maximalQueueLifetime = Key.duration(
    "maximal_queue_lifetime", "5d", unit: .days, seconds: 0...Int(Int32.max), example: "2d",
    "How long a message is tried. After that it counts as undeliverable, for the reason of the last try. With 0 each message is tried once.")

  package static let bounceQueueLifetime = Key.duration(
    "bounce_queue_lifetime", "5d", unit: .days, seconds: 0...Int(Int32.max), example: "1d",
    "The same for messages without a sender, such as reports of failures.")

  package static let queueRunDelay = Key.duration(
    "queue_run_delay", "300s", example: "60s",
    "Weir tries each message when its time has come, not in rounds. After this time it tries recipients of whom a delivery told nothing.")

  package static let transportRetryTime = Key.duration(
    "transport_retry_time", "60s", example: "10s", "How long a transport that is not there is left alone.")

  package static let deferTransports = Key.words(
    "defer_transports", "", example: "smtp", "Mail for these transports waits until somebody asks for a try.")

  package static let defaultProcessLimit = Key.integer(
    "default_process_limit", 100, in: 1...100_000, example: "500",
    """
    How many deliveries each transport does at a time, to destinations that work. First tries of destinations of which nothing is known yet \
    do not count: of these there may be ten times as many.
    """)

  package static let initialDestinationConcurrency = Key.integer(
    "initial_destination_concurrency", 5, in: 1...100_000, example: "2", "How many deliveries to one destination begin at once.")

  package static let defaultDestinationConcurrencyLimit = Key.integer(
    "default_destination_concurrency_limit", 20, example: "50",
    "The most deliveries to one destination at a time. 0 means no limit. Their number grows and shrinks as the destination takes them.")

  package static let defaultDestinationConcurrencyPositiveFeedback = Key.feedback(
    "default_destination_concurrency_positive_feedback", "1", example: "1/concurrency",
    """
    By how much a delivery that went well raises the number of deliveries to its destination: a number up to 1, `1/5`, `1/concurrency` or \
    `1/sqrt_concurrency`.
    """)

  package static let defaultDestinationConcurrencyNegativeFeedback = Key.feedback(
    "default_destination_concurrency_negative_feedback", "1", example: "1/concurrency",
    "By how much a delivery that did not reach its destination lowers the number of deliveries to it.")

  package static let defaultDestinationConcurrencyFailedCohortLimit = Key.number(
    "default_destination_concurrency_failed_cohort_limit", "1", example: "10",
    """
    A destination counts as dead when as many deliveries as run at a time have failed so often, one after the other. Its mail is then put off \
    at once, for minimal_backoff_time. 0 means never.
    """)

  package static let defaultDestinationRecipientLimit = Key.integer(
    "default_destination_recipient_limit", 50, example: "100",
    """
    The most recipients of one delivery; a message with more is delivered in parts. 0 means no limit. With 1, the limits of a destination are those \
    of a recipient.
    """)

  package static let defaultDestinationRateDelay = Key.duration(
    "default_destination_rate_delay", "0s", seconds: 0...Int(Int32.max), example: "1s",
    "The time between two deliveries to the same destination. With any, they are done one after the other.")

  package static let defaultTransportRateDelay = Key.duration(
    "default_transport_rate_delay", "0s", seconds: 0...Int(Int32.max), example: "1s",
    "The time between two deliveries of a transport, whatever their destination. With any, they are done one after the other.")

  package static let localDestinationConcurrencyLimit = Key.integer(
    "local_destination_concurrency_limit", 2, example: "1",
    "The most deliveries to one user of the system at a time, of messages that have other recipients too.")

  package static let localDestinationRecipientLimit = Key.integer(
    "local_destination_recipient_limit", 1, example: "50", "The most recipients of one such delivery.")

  package static let qmgrMessageActiveLimit = Key.integer(
    "qmgr_message_active_limit", 20_000, in: 10...10_000_000, example: "100000",
    "How many messages wait for their turn in memory, without their contents. The others wait on disk.")

  package static let qmgrMessageRecipientLimit = Key.integer(
    "qmgr_message_recipient_limit", 20_000, in: 10...10_000_000, example: "100000",
    "How many recipients these messages may have together.")
}
