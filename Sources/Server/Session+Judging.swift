// SPDX-License-Identifier: Apache-2.0
import Events
import Names
import PluginHost
import Restrictions
import Runtime
import SMTP

/// Runs the restrictions: at once if they know enough, else as soon as those they ask have answered.
extension Session {
  @inline(never) func judge(_ request: JudgementRequest) async -> Verdict {
    var verdict = await rule(request)
    if chain != nil, verdict.refusal == nil { await askStages(request, &verdict) }
    return verdict
  }

  /// The same where lists of domains take their time: whatever the machine will ask them is known before it goes on.
  @inline(never) func judgeSlowly(_ request: JudgementRequest) async -> Action {
    let memo = LookupMemo()
    lookups = memo
    defer { lookups = nil }
    var verdict = await judge(request)
    if verdict.refusal == nil {
      let relay = services.context.configuration.relay
      let mailboxes = [request.recipient, verdict.rewritten].compactMap(\.self)
      let (_, hasFailed) = await Lookups.resolve(memo) { mailboxes.forEach(relay.foresee) }
      if hasFailed { verdict.refusal = Reply.lookupFailed(request.recipient?.address ?? "") }
    }
    return memo.during { machine.judged(verdict) }
  }

  @inline(never) private func rule(_ request: JudgementRequest) async -> Verdict {
    guard let services = services.restrictions, services.judge.moments.contains(.init(request.moment)) else { return .unruled }
    var bench = bench ?? Bench()
    if machine.transaction == nil { bench.beginMessage() }
    let facts = facts(request, &bench, named: services.judge.asksPolicies)
    var answers = bench.answers
    while true {
      switch await ruling(services.judge, request.moment, facts, bench.memory, answers) {
      case .needs(let question, let memory):
        bench.memory = memory
        answers[question] = await answer(question, services)
      case .decided(let judgement):
        bench.memory = judgement.memory
        bench.keep(answers)
        self.bench = bench
        log(judgement.notes, request)
        if trace != nil { traceRefusal(judgement) }
        return judgement.verdict
      }
    }
  }

  /// Restrictions may look into tables that take their time.
  private func ruling(
    _ judge: Judge, _ moment: JudgementRequest.Moment, _ facts: Facts, _ memory: JudgeMemory, _ answers: Answers
  ) async -> Judge.Ruling {
    if !judge.asksExternals { return judge.rule(moment, facts, memory, answers) }
    return await Lookups.resolve(lookups ?? LookupMemo()) { judge.rule(moment, facts, memory, answers) }.result
  }

  /// `named`: with a name for the message.
  private func facts(_ request: JudgementRequest, _ bench: inout Bench, named isNamed: Bool) -> Facts {
    var facts = Facts(client: client)
    facts.helo = request.helo ?? (machine.heloName.isEmpty ? nil : machine.heloName)
    facts.protocolName = machine.protocolName
    facts.tls = machine.tls
    facts.place = machine.place
    facts.sender = request.sender ?? machine.transaction?.givenSender
    facts.etrnDomain = request.etrnDomain
    facts.hasImproperPipelining = machine.hasImproperPipelining
    facts.size = request.size ?? 0
    if let transaction = machine.transaction {
      facts.recipientCount = transaction.recipients.count
      facts.size = request.moment == .endOfData ? transaction.size : transaction.parameters.size ?? 0
      if isNamed {
        let instance = bench.instance ?? newInstance()
        bench.instance = instance
        facts.instance = instance
      }
    }
    facts.recipient = recipient(request)
    if let queueID { facts.queueID = queueID.description }
    return facts
  }

  /// After RCPT, a message to one recipient is still about that one.
  private func recipient(_ request: JudgementRequest) -> SMTP.Mailbox? {
    if let recipient = request.recipient { return recipient }
    guard let recipients = machine.transaction?.recipients, recipients.count == 1 else { return nil }
    return recipients.first?.original.mailbox
  }

  private func newInstance() -> String {
    "\(String(Machine.processID, radix: 16)).\(String(services.now(), radix: 16)).\(String(UInt.random(in: 0...0xffff), radix: 16))"
  }

  // MARK: Questions

  @inline(never) private func answer(_ question: Question, _ asked: RestrictionServices) async -> Answer {
    switch question {
    case .name(let query): return .name(await asked.names.answer(query))
    case .policy(let server, let attributes, _):
      return .policy(await asked.policies.ask(server, attributes.map { ($0.name, $0.value) }))
    case .listing(let mailbox, let destination):
      return .listing(await listing(RecipientQuery(address: mailbox, destination: destination)))
    case .verification(let mailbox, let destination, let patience):
      return .verification(await verification(mailbox, destination, .milliseconds(patience), asked.verifier))
    case .pause(let seconds, _):
      await stream.pause(until: deadline(seconds))
      return .paused
    }
  }

  /// Looks for the answer more and more rarely, as long as the client's patience lasts.
  @inline(never) private func verification(
    _ mailbox: SMTP.Mailbox, _ destination: Destination, _ patience: Duration, _ verifier: (any AddressVerification)?
  ) async -> Verification {
    guard let verifier else { return Verification(.unavailable, "") }
    let deadline = stream.now + patience
    var step = Duration.milliseconds(5)
    while true {
      let found = verifier.status(of: mailbox, destination)
      guard found.status == .pending, stream.now < deadline else { return found }
      await stream.pause(until: min(deadline, stream.now + step))
      step = min(step * 2, .milliseconds(320))
    }
  }

  private func listing(_ query: RecipientQuery) async -> Listing {
    switch await services.users.verdict(on: query) {
    case .accepted: .listed
    case .unknownUser: .unlisted
    case .temporaryFailure: .temporaryFailure
    case .refused(let code, let status, let why): .refused(code, status, why)
    }
  }

  // MARK: The log

  private func log(_ notes: [Judgement.Note], _ request: JudgementRequest) {
    for note in notes {
      switch note.kind {
      case .warning: log(.text(note.text), severity: .warning)
      case .session(let word):
        let verdict = machine.verdict(word, note.text, sender: request.sender, recipient: request.recipient?.address, helo: request.helo)
        log(.verdict(VerdictFacts(verdict), client.peer), about: queueID)
      }
    }
  }
}
