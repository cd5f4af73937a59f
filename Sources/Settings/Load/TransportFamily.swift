// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Settings that every transport has under its own name, as Postfix's master(5) says: `slow_destination_rate_delay` for one that is called `slow`.
package struct TransportFamily<Value: Sendable>: Sendable {
  let suffix: String
  /// What counts where nothing is said of the transport.
  let common: Key<Value>
  /// Transports of which something else is said in the schema.
  var special: [String: Key<Value>] = [:]
}

/// For each setting of a transport.
package enum TransportFamilies {
  package static let initialConcurrency = TransportFamily(suffix: "_initial_destination_concurrency", common: Keys.initialDestinationConcurrency)
  package static let concurrencyLimit = TransportFamily(
    suffix: "_destination_concurrency_limit", common: Keys.defaultDestinationConcurrencyLimit,
    special: ["local": Keys.localDestinationConcurrencyLimit])
  package static let positiveFeedback = TransportFamily(
    suffix: "_destination_concurrency_positive_feedback", common: Keys.defaultDestinationConcurrencyPositiveFeedback)
  package static let negativeFeedback = TransportFamily(
    suffix: "_destination_concurrency_negative_feedback", common: Keys.defaultDestinationConcurrencyNegativeFeedback)
  package static let failedCohortLimit = TransportFamily(
    suffix: "_destination_concurrency_failed_cohort_limit", common: Keys.defaultDestinationConcurrencyFailedCohortLimit)
  package static let recipientLimit = TransportFamily(
    suffix: "_destination_recipient_limit", common: Keys.defaultDestinationRecipientLimit, special: ["local": Keys.localDestinationRecipientLimit])
  package static let destinationRateDelay = TransportFamily(suffix: "_destination_rate_delay", common: Keys.defaultDestinationRateDelay)
  package static let transportRateDelay = TransportFamily(suffix: "_transport_rate_delay", common: Keys.defaultTransportRateDelay)

  private static let members: [(suffix: String, common: Definition)] = [
    (initialConcurrency.suffix, initialConcurrency.common.definition), (concurrencyLimit.suffix, concurrencyLimit.common.definition),
    (positiveFeedback.suffix, positiveFeedback.common.definition), (negativeFeedback.suffix, negativeFeedback.common.definition),
    (failedCohortLimit.suffix, failedCohortLimit.common.definition), (recipientLimit.suffix, recipientLimit.common.definition),
    (destinationRateDelay.suffix, destinationRateDelay.common.definition), (transportRateDelay.suffix, transportRateDelay.common.definition),
  ]

  /// What a setting of a transport is, whatever that is called. One that looks like a misspelt `default` is none.
  static func definition(_ name: String) -> Definition? {
    guard let member = members.first(where: { name.hasSuffix($0.suffix) }) else { return nil }
    let transport = name.dropLast(member.suffix.count)
    guard !transport.isEmpty, transport.utf8.allSatisfy({ $0.isNameByte || $0 == 0x2D }), !isNearlyDefault(String(transport)) else { return nil }
    let common = member.common
    return Definition(
      name: name, type: common.type, defaultText: "$" + common.name, computedDefault: nil, origin: .postfix, place: .topLevel, expands: true,
      example: common.example, paragraph: "\(common.name), for the transport \(transport).")
  }

  private static func isNearlyDefault(_ transport: String) -> Bool { Suggestion(["default"]).nearest(to: transport, differences: 2) != nil }
}

extension Configuration {
  /// A setting of one transport.
  package func value<Value>(_ family: TransportFamily<Value>, of transport: String) -> Value {
    if let key = family.special[transport] { return values[key] }
    return values.value(transport + family.suffix, as: family.common) ?? values[family.common]
  }
}
