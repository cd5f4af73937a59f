// SPDX-License-Identifier: Apache-2.0
import Message
import Queue

/// Who is told of what.
package struct ReportRules: Equatable, Sendable {
  /// `notify_classes`, as far as mail is sent for them.
  package struct Classes: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let bounce = Classes(rawValue: 1)
    package static let doubleBounce = Classes(rawValue: 2)
    package static let delay = Classes(rawValue: 4)
  }

  package var classes: Classes = []
  /// Addresses with a domain.
  package var bounceNoticeRecipient: String
  package var doubleBounceNoticeRecipient: String
  package var delayNoticeRecipient: String
  /// Of mail to the postmaster.
  package var doubleBounceSender: String
  /// `delay_warning_time`, in microseconds; 0 is never.
  package var delayWarningTime: Int64 = 0
  package var confirmsDelayCleared = false

  /// `postmaster` is who gets all notices, `doubleBounceSender` whom they are from.
  package init(postmaster: String, doubleBounceSender: String) {
    bounceNoticeRecipient = postmaster
    doubleBounceNoticeRecipient = postmaster
    delayNoticeRecipient = postmaster
    self.doubleBounceSender = doubleBounceSender
  }
}

/// Which reports an attempt calls for (RFC 3461 §5.2 and §6, and Postfix's notices to the postmaster).
struct ReportPlan: Equatable {
  struct Order: Equatable {
    let kind: StatusReport.Kind
    /// Nil: the sender.
    let postmaster: String?
    /// Places in the results.
    let results: [Int]
    /// The message is attached whole, if it is not too long.
    let returnsAll: Bool
    /// What failed is not final before this report is stored.
    let isNeeded: Bool

    /// As the log says it.
    var notice: String {
      switch kind {
      case .failure: "\(postmaster == nil ? "sender" : "postmaster") non-delivery notification"
      case .delay: "\(postmaster == nil ? "sender" : "postmaster") delay notification"
      case .success, .verification: "sender delivery status notification"
      }
    }
  }

  private(set) var orders: [Order] = []
  /// A notice to the postmaster failed: there is nobody left to tell.
  private(set) var isDiscarded = false

  private let rules: ReportRules
  private let envelope: Envelope

  /// `age` of the message in microseconds.
  init(_ results: [RecipientResult], _ envelope: Envelope, isWarned: Bool, age: Int64, _ rules: ReportRules) {
    self.rules = rules
    self.envelope = envelope
    if envelope.isProbe {
      planVerification(results)
      return
    }
    planFailures(
      ReportPlan.choose(results, envelope, .bounced) { $0.isEmpty || $0.contains(.failure) }, all: ReportPlan.all(results, envelope, .bounced))
    let confirms = isWarned && rules.confirmsDelayCleared
    planSuccesses(
      ReportPlan.choose(results, envelope, .sent) { $0.contains(.success) || confirms }.filter { !results[$0].keepsWishes })
    guard !isWarned, rules.delayWarningTime > 0, age >= rules.delayWarningTime else { return }
    planDelays(
      ReportPlan.choose(results, envelope, .deferred) { $0.isEmpty || $0.contains(.delay) }, all: ReportPlan.all(results, envelope, .deferred))
  }

  /// RFC 3461 §4.1: who asked for NEVER is left alone.
  private static func choose(
    _ results: [RecipientResult], _ envelope: Envelope, _ outcome: RecipientResult.Outcome, _ isWanted: (Recipient.Notify) -> Bool
  ) -> [Int] {
    all(results, envelope, outcome).filter { place in
      let notify = envelope.recipients[results[place].index].notify
      if envelope.recipients[results[place].index].isExpansionNotice { return outcome == .sent }
      return !notify.contains(.never) && isWanted(notify)
    }
  }

  private static func all(_ results: [RecipientResult], _ envelope: Envelope, _ outcome: RecipientResult.Outcome) -> [Int] {
    results.indices.filter { results[$0].outcome == outcome && envelope.recipients.indices.contains(results[$0].index) }
  }

  private var isNotice: Bool { envelope.sender.lowercased() == rules.doubleBounceSender.lowercased() }

  /// The postmaster is told of `all`: NOTIFY is between the sender and us.
  private mutating func planFailures(_ failures: [Int], all: [Int]) {
    if all.isEmpty { return }
    if isNotice {
      isDiscarded = true
    } else if envelope.sender.isEmpty {
      guard !rules.classes.isDisjoint(with: [.bounce, .doubleBounce]) else { return }
      orders.append(
        Order(kind: .failure, postmaster: rules.doubleBounceNoticeRecipient, results: all, returnsAll: true, isNeeded: true))
    } else {
      if !failures.isEmpty {
        orders.append(
          Order(kind: .failure, postmaster: nil, results: failures, returnsAll: envelope.returnContent != .headers, isNeeded: true))
      }
      guard rules.classes.contains(.bounce) else { return }
      // No more than the header: what people write to each other is no business of the postmaster's.
      orders.append(Order(kind: .failure, postmaster: rules.bounceNoticeRecipient, results: all, returnsAll: false, isNeeded: false))
    }
  }

  /// All that was found out.
  private mutating func planVerification(_ results: [RecipientResult]) {
    let places = results.indices.filter { envelope.recipients.indices.contains(results[$0].index) }
    if places.isEmpty || envelope.sender.isEmpty || isNotice { return }
    orders.append(Order(kind: .verification, postmaster: nil, results: places, returnsAll: false, isNeeded: true))
  }

  private mutating func planSuccesses(_ successes: [Int]) {
    if successes.isEmpty || envelope.sender.isEmpty || isNotice { return }
    orders.append(Order(kind: .success, postmaster: nil, results: successes, returnsAll: false, isNeeded: false))
  }

  private mutating func planDelays(_ delays: [Int], all: [Int]) {
    if all.isEmpty || isNotice { return }
    if !envelope.sender.isEmpty, !delays.isEmpty {
      orders.append(Order(kind: .delay, postmaster: nil, results: delays, returnsAll: false, isNeeded: false))
    }
    guard rules.classes.contains(.delay) else { return }
    orders.append(Order(kind: .delay, postmaster: rules.delayNoticeRecipient, results: all, returnsAll: false, isNeeded: false))
  }
}
