// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Settings

extension SchedulerSettings {
  init(_ configuration: Configuration) {
    self.init()
    limits = { TransportLimits($0, configuration) }
    backOff = BackOff(configuration)
    lifetime = configuration[Keys.maximalQueueLifetime].microseconds
    bounceLifetime = configuration[Keys.bounceQueueLifetime].microseconds
    transportRetryTime = configuration[Keys.transportRetryTime].microseconds
    deferredTransports = Set(configuration[Keys.deferTransports])
    activeLimit = configuration[Keys.qmgrMessageActiveLimit]
    recipientLimit = configuration[Keys.qmgrMessageRecipientLimit]
    softBounce = configuration[Keys.softBounce]
    doubleBounceSender = ReportRules(configuration).doubleBounceSender
  }
}

extension BackOff {
  init(_ configuration: Configuration) {
    self.init(minimum: configuration[Keys.minimalBackoffTime], maximum: configuration[Keys.maximalBackoffTime])
  }
}

extension TransportLimits {
  fileprivate init(_ transport: String, _ configuration: Configuration) {
    self.init()
    processLimit = configuration.transport(transport)?.processLimit ?? configuration[Keys.defaultProcessLimit]
    initialConcurrency = configuration.value(TransportFamilies.initialConcurrency, of: transport)
    concurrencyLimit = configuration.value(TransportFamilies.concurrencyLimit, of: transport)
    positiveFeedback = Feedback(configuration.value(TransportFamilies.positiveFeedback, of: transport))
    negativeFeedback = Feedback(configuration.value(TransportFamilies.negativeFeedback, of: transport))
    failedCohortLimit = configuration.value(TransportFamilies.failedCohortLimit, of: transport)
    recipientLimit = configuration.value(TransportFamilies.recipientLimit, of: transport)
    destinationDelay = configuration.value(TransportFamilies.destinationRateDelay, of: transport).microseconds
    transportDelay = configuration.value(TransportFamilies.transportRateDelay, of: transport).microseconds
    deadTime = configuration[Keys.minimalBackoffTime].microseconds
  }
}

extension Feedback {
  fileprivate init(_ feedback: ConcurrencyFeedback) {
    switch feedback.scale {
    case .none: self.init(feedback.value)
    case .concurrency: self.init(feedback.value, .concurrency)
    case .squareRoot: self.init(feedback.value, .squareRoot)
    }
  }
}

extension Duration {
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : product.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue
  }
}
