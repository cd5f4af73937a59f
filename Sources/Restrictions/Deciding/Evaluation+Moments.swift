// SPDX-License-Identifier: Apache-2.0
import SMTP

/// Which lists are run at which command.
extension Evaluation {
  mutating func judge(_ moment: JudgementRequest.Moment) throws(Interruption) -> Outcome {
    switch moment {
    case .connect: try checkClient()
    case .hello: try checkHelo()
    case .mail: try checkSender()
    case .recipient, .verify: try checkRecipient()
    case .data: try checkMessage(.data, name: "DATA")
    case .endOfData: try checkMessage(.endOfData, name: "END-OF-MESSAGE")
    case .etrn: try checkETRN()
    }
  }

  private mutating func checkClient() throws(Interruption) -> Outcome {
    deferIfPermit = nil
    judgement.memory.client = nil
    if judge.list(.client).isEmpty { return .dunno }
    let outcome = try runOnce(.client, Context(facts.client, replyClass: RestrictionPoint.client.replyClass))
    judgement.memory.client = deferIfPermit
    return outcome
  }

  private mutating func checkHelo() throws(Interruption) -> Outcome {
    deferIfPermit = judgement.memory.client
    defer { judgement.memory.helo = deferIfPermit }
    guard let helo = facts.helo else { return .dunno }
    return try runOnce(.helo, Context(name: helo, replyClass: RestrictionPoint.helo.replyClass))
  }

  private mutating func checkSender() throws(Interruption) -> Outcome {
    deferIfPermit = doubtBeforeMail
    guard let sender = facts.sender else { return .dunno }
    var outcome = try runOnce(.sender, context(sender, RestrictionPoint.sender.replyClass))
    judgement.memory.sender = deferIfPermit
    if settings.rejectUnlistedSender, outcome != .reject, !hasCheckedSender, !judgement.verdict.marks.isDiscarded {
      outcome = try checked { (run) throws(Interruption) in try run.rejectUnlisted(.sender) }
    }
    return outcome
  }

  /// Runs a list about what stays the same for several recipients, unless it is settled. Its outcome matters only if it is a refusal.
  private mutating func runOnce(_ point: RestrictionPoint, _ context: Context) throws(Interruption) -> Outcome {
    if judgement.memory.settled.contains(point) { return .dunno }
    scope = .session
    let outcome = try run(point, context)
    if outcome != .reject, scope < .once, !judgement.verdict.marks.isDiscarded { judgement.memory.settled.add(point, scope) }
    return outcome
  }

  private var doubtBeforeMail: Refusal? { facts.helo == nil ? judgement.memory.client : judgement.memory.helo }

  /// RFC 5321 §4.5.1: mail for the bare postmaster must be taken.
  private mutating func checkRecipient() throws(Interruption) -> Outcome {
    guard let recipient = facts.recipient else { return .dunno }
    if ForwardPath(recipient).isBarePostmaster { return .permit }
    if settings.delayReject {
      if try checkClient() == .reject { return .reject }
      if try checkHelo() == .reject { return .reject }
      if try checkSender() == .reject { return .reject }
    }
    deferIfPermit = facts.sender == nil ? doubtBeforeMail : judgement.memory.sender
    for point in settings.relayBeforeRecipient ? [RestrictionPoint.relay, .recipient] : [.recipient, .relay] {
      let outcome = try run(point, Context(recipient, replyClass: point.replyClass))
      if outcome == .reject { return .reject }
    }
    judgement.verdict.recipient = self.recipient?.resolution
    return settleDoubt()
  }

  private mutating func checkMessage(_ point: RestrictionPoint, name: String) throws(Interruption) -> Outcome {
    deferIfPermit = nil
    let outcome = try run(point, Context(name: name, replyClass: point.replyClass))
    return outcome == .reject ? .reject : settleDoubt()
  }

  private mutating func checkETRN() throws(Interruption) -> Outcome {
    if settings.delayReject {
      if try checkClient() == .reject { return .reject }
      if try checkHelo() == .reject { return .reject }
    }
    deferIfPermit = doubtBeforeMail
    let outcome = try run(.etrn, Context(name: facts.etrnDomain ?? "", replyClass: RestrictionPoint.etrn.replyClass))
    return outcome == .reject ? .reject : settleDoubt()
  }

  private func context(_ sender: ReversePath, _ replyClass: String) -> Context {
    guard case .mailbox(let mailbox) = sender else { return Context(name: "", replyClass: replyClass) }
    return Context(mailbox, replyClass: replyClass)
  }

  /// One check outside of any list.
  private mutating func checked(_ body: (inout Evaluation) throws(Interruption) -> Outcome) throws(Interruption) -> Outcome {
    do throws(Interruption) {
      return try body(&self)
    } catch {
      if case .refused = error { return .reject }
      throw error
    }
  }
}
