// SPDX-License-Identifier: Apache-2.0
import Queue
import Testing

@testable import Delivery

@Suite struct ReportPlanTests {
  private static let hour: Int64 = 3_600_000_000

  private func rules(_ classes: ReportRules.Classes = [], warning: Int64 = 0, confirms: Bool = false) -> ReportRules {
    var rules = ReportRules(postmaster: "pm@vm", doubleBounceSender: "double-bounce@vm")
    rules.classes = classes
    rules.delayWarningTime = warning
    rules.confirmsDelayCleared = confirms
    return rules
  }

  private func plan(
    _ outcomes: [(RecipientResult.Outcome, Recipient.Notify)], sender: String = "a@b", ret: Envelope.ReturnContent? = nil, isWarned: Bool = false,
    age: Int64 = 0, _ rules: ReportRules
  ) -> ReportPlan {
    let recipients = outcomes.map { Recipient(address: "r@x", original: "r@x", route: .virtual, notify: $0.1) }
    let envelope = Envelope(sender: sender, arrival: 0, host: "vm", recipients: recipients, returnContent: ret)
    let results = outcomes.enumerated().map { RecipientResult($0.offset, $0.element.0, Reason(status: "5.0.0", text: "x")) }
    return ReportPlan(results, envelope, isWarned: isWarned, age: age, rules)
  }

  /// RFC 3461 §4.1, for each outcome: who is told with which NOTIFY.
  @Test(
    arguments: [
      ([], [.bounced, .deferred]), (.never, []), (.success, [.sent]), (.failure, [.bounced]), (.delay, [.deferred]),
      ([.success, .failure, .delay], [.bounced, .deferred, .sent]), ([.success, .failure], [.bounced, .sent]),
    ] as [(Recipient.Notify, Set<RecipientResult.Outcome>)])
  func notify(_ notify: Recipient.Notify, _ told: Set<RecipientResult.Outcome>) {
    for outcome in [RecipientResult.Outcome.sent, .deferred, .bounced] {
      let orders = plan([(outcome, notify)], age: 5 * Self.hour, rules(warning: Self.hour)).orders
      #expect(orders.map(\.results) == (told.contains(outcome) ? [[0]] : []), "\(outcome) \(notify)")
    }
  }

  @Test func oneReportForAllThatFailed() {
    let orders = plan([(.bounced, []), (.sent, []), (.bounced, .never), (.bounced, .failure)], rules()).orders
    #expect(orders.map(\.results) == [[0, 3]])
    #expect(orders.first?.notice == "sender non-delivery notification")
    #expect(orders.first?.isNeeded == true && orders.first?.returnsAll == true)
  }

  /// `sendmail -bv`: of all recipients, whatever was found out; not to nobody.
  @Test(arguments: [("a@b", 1), ("", 0), ("double-bounce@vm", 0)]) func aProbeIsAnswered(sender: String, count: Int) {
    var envelope = Envelope(
      sender: sender, arrival: 0, host: "vm",
      recipients: [Recipient](repeating: Recipient(address: "r@x", original: "r@x", route: .virtual), count: 3))
    envelope.isProbe = true
    let results = [RecipientResult.Outcome.sent, .deferred, .bounced].enumerated().map {
      RecipientResult($0.offset, $0.element, Reason(status: "5.0.0", text: "x"))
    }
    let plan = ReportPlan(results, envelope, isWarned: false, age: 0, rules([.bounce, .delay]))
    #expect(plan.orders.map(\.kind) == Array(repeating: .verification, count: count))
    #expect(plan.orders.map(\.results) == Array(repeating: [0, 1, 2], count: count))
  }

  @Test func theSenderMayWantTheHeaderOnly() {
    #expect(plan([(.bounced, [])], ret: .headers, rules()).orders.map(\.returnsAll) == [false])
    #expect(plan([(.bounced, [])], ret: .full, rules()).orders.map(\.returnsAll) == [true])
  }

  @Test func nobodyIsToldOfALostReport() {
    #expect(plan([(.bounced, [])], sender: "", rules()).orders == [])
    #expect(plan([(.sent, .success), (.deferred, [])], sender: "", age: .max, rules(warning: 1)).orders == [])
  }

  @Test(arguments: [ReportRules.Classes.bounce, .doubleBounce])
  func theClassesTellThePostmasterOfIt(_ classes: ReportRules.Classes) {
    let orders = plan([(.bounced, [])], sender: "", rules(classes)).orders
    #expect(orders.map(\.postmaster) == ["pm@vm"])
    #expect(orders.map(\.returnsAll) == [true])
    #expect(orders.map(\.notice) == ["postmaster non-delivery notification"])
    #expect(orders.map(\.isNeeded) == [true])
  }

  @Test func aLostNoticeIsTheEnd() {
    let plan = plan(
      [(.bounced, []), (.sent, .success), (.deferred, [])], sender: "Double-Bounce@vm", age: .max, rules([.bounce, .doubleBounce], warning: 1))
    #expect(plan.orders == [] && plan.isDiscarded)
  }

  @Test func copiesForThePostmaster() {
    let orders = plan([(.bounced, [])], rules(.bounce)).orders
    #expect(orders.map(\.postmaster) == [nil, "pm@vm"])
    #expect(orders.map(\.returnsAll) == [true, false])
    #expect(orders.map(\.isNeeded) == [true, false])
    // NOTIFY is between the sender and us.
    #expect(plan([(.bounced, .never), (.bounced, .success)], rules(.bounce)).orders.map(\.results) == [[0, 1]])
    let delays = plan([(.deferred, [])], age: 2, rules(.delay, warning: 1)).orders
    #expect(delays.map(\.notice) == ["sender delay notification", "postmaster delay notification"])
    #expect(plan([(.deferred, [])], sender: "", age: 2, rules(.delay, warning: 1)).orders.map(\.postmaster) == ["pm@vm"])
  }

  @Test func aWarningComesOnceAndInTime() {
    let rules = rules(warning: Self.hour)
    #expect(plan([(.deferred, [])], age: Self.hour - 1, rules).orders == [])
    #expect(plan([(.deferred, [])], age: Self.hour, rules).orders.map(\.kind) == [.delay])
    #expect(plan([(.deferred, [])], isWarned: true, age: Self.hour, rules).orders == [])
    #expect(plan([(.deferred, [])], age: .max, self.rules()).orders == [])
  }

  @Test func whoWasWarnedMayBeToldOfTheEnd() {
    #expect(plan([(.sent, [])], isWarned: true, rules(confirms: true)).orders.map(\.kind) == [.success])
    #expect(plan([(.sent, .never)], isWarned: true, rules(confirms: true)).orders == [])
    #expect(plan([(.sent, [])], isWarned: true, rules()).orders == [])
    #expect(plan([(.sent, [])], rules(confirms: true)).orders == [])
  }

  @Test func aServerThatKeepsTheWishesReportsItself() {
    let envelope = Envelope(
      sender: "a@b", arrival: 0, host: "vm", recipients: [Recipient(address: "r@x", original: "r@x", route: .remote, notify: .success)])
    let result = RecipientResult(0, .sent, Reason(status: "2.0.0", text: "ok"), keepsWishes: true)
    #expect(ReportPlan([result], envelope, isWarned: false, age: 0, rules()).orders == [])
  }

  @Test func nothingOfAWrongIndex() {
    let envelope = Envelope(sender: "a@b", arrival: 0, host: "vm", recipients: [])
    #expect(ReportPlan([RecipientResult(7, .bounced, Reason(status: "5.0.0", text: ""))], envelope, isWarned: false, age: 0, rules()).orders == [])
  }

  @Test func softenedResults() {
    let result = RecipientResult(0, .bounced, Reason(status: "5.7.1", text: "no")).softened
    #expect(result.outcome == .deferred && result.reason == Reason(status: "4.7.1", text: "no"))
    #expect(RecipientResult(0, .sent, Reason(status: "2.0.0", text: "ok")).softened.outcome == .sent)
  }
}
