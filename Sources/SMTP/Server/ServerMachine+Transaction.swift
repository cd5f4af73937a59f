// SPDX-License-Identifier: Apache-2.0
import Bytes

/// MAIL and RCPT.
extension ServerMachine {
  /// RFC 5321 §4.1.1.2.
  mutating func mail(_ arguments: Arguments) -> Action {
    if let refusal = helloRefusal { return .reply(refusal) }
    if transaction != nil { return .reply(Replies.nestedMail) }
    if chunk.state == .bad { return .reply(Replies.mailAfterBdat) }
    if let refusal = rateRefusal(.message, after: "FROM", in: arguments) { return .reply(refusal) }
    do {
      let command = try MailCommand.parse(arguments, configuration.paths)
      try check(command)
      if isJudged(.mail) {
        var request = JudgementRequest(.mail)
        request.sender = command.sender
        request.size = command.parameters.size
        return judge(request, then: .mail(command))
      }
      begin(command)
      return .reply(Replies.senderOk)
    } catch { return .reply(error.reply) }
  }

  private func check(_ command: MailCommand) throws(Refusal) {
    let limit = configuration.messageSizeLimit
    // RFC 1870 §6.1.
    if limit > 0, let size = command.parameters.size, size > limit { throw Refusal(Replies.sizeOverLimit) }
    if storageIsLow { throw Refusal(Replies.storageFull) }
    if configuration.strictSmtputf8, !command.parameters.smtpUTF8, !command.sender.isASCII { throw Refusal(Replies.mustDeclareUTF8) }
    if command.parameters.smtpUTF8, !configuration.smtputf8Enable || !offers("SMTPUTF8") {
      throw Refusal(Replies.unsupportedUTF8)
    }
    if command.parameters.isProbe, !configuration.takesProbes { throw Refusal(Replies.unsupportedProbe) }
  }

  mutating func begin(_ command: MailCommand) {
    let decoder = ContentDecoder(
      mode: bareNewlineMode, sizeLimit: configuration.messageSizeLimit, replacesStrayCR: configuration.cleanupReplaceStrayCrLf)
    transaction = Transaction(
      sender: configuration.relay.completedSender(command.sender), givenSender: command.sender, parameters: command.parameters, decoder: decoder)
  }

  /// RFC 5321 §4.1.1.3.
  mutating func rcpt(_ arguments: Arguments) -> Action {
    guard let transaction else { return .reply(Replies.needMail) }
    if chunk.state != .none { return .reply(Replies.rcptAfterBdat) }
    if let refusal = rateRefusal(.recipient, after: "TO", in: arguments) { return .reply(refusal) }
    let command: RcptCommand
    do {
      command = try RcptCommand.parse(arguments, configuration.paths)
    } catch { return .reply(error.reply) }
    if configuration.strictSmtputf8, !transaction.parameters.smtpUTF8, !command.recipient.mailbox.isASCII {
      return .reply(Replies.mustDeclareUTF8)
    }
    if transaction.recipients.count >= configuration.smtpdRecipientLimit {
      transaction.overshoot &+= 1
      return .reply(Replies.tooManyRecipients)
    }
    guard isJudged(.recipient) else { return route(command) }
    var request = JudgementRequest(.recipient)
    request.recipient = command.recipient.mailbox
    return judge(request, then: .recipient(command))
  }

  /// `rewritten`: who gets the message in the place of the one that the client named, and may name.
  mutating func route(_ command: RcptCommand, rewritten: Mailbox? = nil) -> Action {
    let mailbox = command.recipient.mailbox
    guard case .permitted(var destination, var address) = decide(mailbox) else {
      return reject(Replies.relayDenied(mailbox.address), recipient: mailbox.address)
    }
    if let rewritten {
      let resolved = configuration.relay.resolve(rewritten)
      (destination, address) = (resolved.destination, resolved.address)
    }
    let pending = Pending(path: command.recipient, parameters: command.parameters, destination: destination, address: address)
    guard let query = query(about: pending, isChecked: false) else { return accept(pending) }
    return ask(query, pending, stage: .resolving)
  }

  /// Users of this machine may write to anybody.
  func decide(_ mailbox: Mailbox) -> RelayPolicy.Decision {
    guard client.submitter != nil else { return configuration.relay.decide(mailbox, client: client.address) }
    let resolved = configuration.relay.resolve(mailbox)
    return .permitted(resolved.destination, resolved.address)
  }

  /// What is to be known before the recipient is taken; nil for nothing. RFC 5321 §4.5.1: everybody may write to postmaster.
  func query(about pending: Pending, isChecked: Bool) -> RecipientQuery? {
    if pending.path.isBarePostmaster || transaction?.marks.isDiscarded == true { return nil }
    let resolved = RelayPolicy.Resolution(address: pending.address, destination: pending.destination)
    let asksForUser = !isChecked && configuration.smtpdRejectUnlistedRecipient && configuration.relay.isListed(resolved)
    let asksForRoom = configuration.checksRoom && pending.destination != .remote
    guard asksForUser || asksForRoom else { return nil }
    return RecipientQuery(
      address: pending.address, destination: pending.destination, asksForUser: asksForUser,
      room: asksForRoom ? Int64(transaction?.parameters.size ?? 0) : nil)
  }

  mutating func ask(_ query: RecipientQuery, _ pending: Pending, stage: Stage) -> Action {
    self.pending = pending
    self.stage = stage
    return .resolveRecipient(query)
  }

  func accept(_ pending: Pending) -> Action {
    transaction?.recipients.append(
      AcceptedRecipient(
        address: pending.address, destination: pending.destination, original: pending.path, parameters: pending.parameters))
    return .reply(Replies.recipientOk)
  }

  /// The answer to `.resolveRecipient`.
  package mutating func recipientResolved(_ verdict: RecipientVerdict) -> Action {
    notice = nil
    let isVerifying = stage == .verifying
    guard stage == .resolving || isVerifying, let pending else { return close([Replies.notSynchronized]) }
    stage = .command
    self.pending = nil
    let verb = isVerifying ? Verb.vrfy : .rcpt
    guard let refusal = refusal(verdict, of: pending) else {
      return finish(verb, isVerifying ? .reply(Replies.verified(pending.words)) : accept(pending))
    }
    return finish(verb, reject(refusal, recipient: pending.path.mailbox.address))
  }

  /// `show_user_unknown_table_name`
  private func table(_ name: String) -> String { configuration.showUserUnknownTableName ? " in \(name) table" : "" }

  private func refusal(_ verdict: RecipientVerdict, of pending: Pending) -> Reply? {
    let path = pending.path.mailbox.address
    switch verdict {
    case .accepted: return nil
    case .unknownUser where pending.destination == .virtual:
      return Replies.unknownUser(path, code: configuration.unknownVirtualMailboxRejectCode, table: table("virtual mailbox"))
    case .unknownUser where pending.destination == .remote:
      return Replies.unknownUser(path, code: configuration.unknownRelayRecipientRejectCode, table: table("relay recipient"))
    case .unknownUser:
      return Replies.unknownUser(path, code: configuration.unknownLocalRecipientRejectCode, table: table("local recipient"))
    case .temporaryFailure: return Replies.lookupFailed(path)
    case .refused(let code, let status, let why): return Reply(code, status, "<\(path)>: Recipient address rejected: \(why)")
    }
  }
}
