// SPDX-License-Identifier: Apache-2.0

/// A command that waits for the verdict of restrictions.
final class Judging {
  enum Resume {
    case connect
    case hello(Verb, String)
    case mail(MailCommand)
    case recipient(RcptCommand)
    case verify(ForwardPath, String)
    case data
    case chunk(BdatCommand)
    case endOfData
    case etrn(String)
  }

  let request: JudgementRequest
  let resume: Resume
  /// Where the machine was.
  let stage: ServerMachine.Stage

  init(_ request: JudgementRequest, _ resume: Resume, stage: ServerMachine.Stage) {
    self.request = request
    self.resume = resume
    self.stage = stage
  }

  var holdsContent: Bool { request.moment == .endOfData }
}

/// The moments at which `smtpd_*_restrictions` are run.
extension ServerMachine {
  func isJudged(_ moment: JudgementRequest.Moment) -> Bool {
    !configuration.judgedMoments.isEmpty && configuration.judgedMoments.contains(.init(moment))
  }

  mutating func judge(_ request: JudgementRequest, then resume: Judging.Resume) -> Action {
    judging = Judging(request, resume, stage: stage)
    stage = .judging
    return .judge(request)
  }

  /// The answer to `.judge`.
  package mutating func judged(_ verdict: Verdict) -> Action {
    notice = nil
    guard stage == .judging, let judging else { return close([Replies.notSynchronized]) }
    stage = judging.stage
    self.judging = nil
    transaction?.marks.add(verdict.marks)
    guard let refusal = verdict.refusal else { return proceed(judging.resume, verdict) }
    return refuse(judging, refusal, closes: verdict.closes)
  }

  /// The parameters of the MAIL that is being judged.
  package var judgedMail: MailCommand? { if case .mail(let command) = judging?.resume { command } else { nil } }

  /// The RCPT that is being judged.
  package var judgedRecipient: RcptCommand? { if case .recipient(let command) = judging?.resume { command } else { nil } }

  /// The name of the EHLO that is being judged; it is not yet the session's.
  package var judgedName: String? { judging?.request.helo }

  /// How the content begins that is being judged.
  package var judgedContentVerb: String { if case .chunk = judging?.resume { "BDAT" } else { "DATA" } }

  private mutating func proceed(_ resume: Judging.Resume, _ verdict: Verdict) -> Action {
    switch resume {
    case .connect: return .reply(context.banner)
    case .hello(let verb, let name): return finish(verb, greet(verb, name))
    case .mail(let command):
      begin(command)
      transaction?.marks.add(verdict.marks)
      return finish(.mail, .reply(Replies.senderOk))
    case .recipient(let command): return take(command, verdict)
    case .verify(let path, let words): return verify(path, words, verdict)
    case .data: return receiveContent()
    case .chunk(let command): return receiveChunk(command, .none)
    case .endOfData: return .commit
    case .etrn(let domain): return finish(.etrn, .reply(Replies.etrnRefused(domain)))
    }
  }

  private mutating func take(_ command: RcptCommand, _ verdict: Verdict) -> Action {
    guard verdict.isRuled else { return finish(.rcpt, route(command, rewritten: verdict.rewritten)) }
    let resolved =
      verdict.rewritten.map(configuration.relay.resolve) ?? verdict.recipient ?? configuration.relay.resolve(command.recipient.mailbox)
    let pending = Pending(
      path: command.recipient, parameters: command.parameters, destination: resolved.destination, address: resolved.address)
    guard let query = query(about: pending, isChecked: verdict.hasCheckedRecipient) else { return finish(.rcpt, accept(pending)) }
    return ask(query, pending, stage: .resolving)
  }

  private mutating func verify(_ path: ForwardPath, _ words: String, _ verdict: Verdict) -> Action {
    let resolved = configuration.relay.resolve(path.mailbox)
    guard configuration.smtpdRejectUnlistedRecipient, configuration.relay.isListed(resolved), !verdict.hasCheckedRecipient else {
      return finish(.vrfy, .reply(Replies.verified(words)))
    }
    return askWho(Pending(path: path, words: words, destination: resolved.destination, address: resolved.address))
  }

  // MARK: Refusing

  private mutating func refuse(_ judging: Judging, _ refusal: Reply, closes: Bool) -> Action {
    let request = judging.request
    let action = reject(refusal, sender: request.sender, recipient: request.recipient?.address, helo: request.helo)
    switch judging.resume {
    case .connect:
      isDenied = true
      return ending(action, refusal, closes)
    case .endOfData: return ending(endTransaction(judged: refusal), refusal, closes)
    case .chunk(let command):
      transaction?.chunkRefusal = refusal
      return receiveChunk(command, .judged)
    default: return ending(finish(verb(judging.resume), action), refusal, closes)
    }
  }

  private func verb(_ resume: Judging.Resume) -> Verb {
    switch resume {
    case .hello(let verb, _): verb
    case .mail: .mail
    case .recipient: .rcpt
    case .verify: .vrfy
    case .etrn: .etrn
    default: .data
    }
  }

  /// access(5): 421 and 521 end the session.
  private mutating func ending(_ action: Action, _ refusal: Reply, _ closes: Bool) -> Action {
    guard closes || refusal.code == 421 || refusal.code == 521 else { return action }
    stage = .closed
    dropTransaction()
    switch action {
    case .reply(let reply): return .close([reply])
    case .replies(let replies): return .close(replies)
    default: return action
    }
  }
}
