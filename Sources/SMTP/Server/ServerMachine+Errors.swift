// SPDX-License-Identifier: Apache-2.0

/// Counting commands and errors, refusing, and ending a session.
extension ServerMachine {
  /// Counts a command that has its reply, and ends the session when there have been too many errors.
  mutating func finish(_ verb: Verb?, _ action: Action) -> Action {
    guard case .reply(let reply) = action else { return action }
    count(verb, isError: reply.isNegative && !isForgiven(reply))
    return endingIfTooManyErrors([reply])
  }

  /// As `finish`, for the replies to the end of a message in LMTP.
  mutating func finishAll(_ verb: Verb, _ replies: [Reply]) -> Action {
    count(verb, isError: replies.allSatisfy(\.isNegative))
    return endingIfTooManyErrors(replies)
  }

  /// `smtpd_recipient_overshoot_limit`: so many recipients too many are no errors.
  private func isForgiven(_ reply: Reply) -> Bool {
    guard reply == Replies.tooManyRecipients, let transaction else { return false }
    return transaction.overshoot <= configuration.smtpdRecipientOvershootLimit
  }

  private mutating func count(_ verb: Verb?, isError: Bool) {
    counts.count(verb, succeeded: !isError)
    isCounted = true
    if isError { errorCount &+= 1 }
    guard verb?.isJunk ?? false else { return }
    // smtpd_junk_command_limit: those beyond it count as errors.
    if junkCount > configuration.smtpdJunkCommandLimit { errorCount &+= 1 }
    junkCount &+= 1
  }

  /// `smtpd_hard_error_limit`.
  private mutating func endingIfTooManyErrors(_ replies: [Reply]) -> Action {
    let replies = configuration.softBounce ? replies.map(\.softened) : replies
    if errorCount < configuration.smtpdHardErrorLimit { return replies.count == 1 ? .reply(replies[0]) : .replies(replies) }
    notice = .info("too many errors after \(place) from \(client.description)")
    stage = .closed
    dropTransaction()
    return .close(replies + [Replies.tooManyErrors(configuration.myhostname)])
  }

  /// Ends the session; counts the command that it ends in.
  mutating func close(_ replies: [Reply]) -> Action {
    if !isCounted {
      if case .verb(let verb) = lastCommand { counts.count(verb, succeeded: replies == [Replies.bye]) } else { counts.count(nil, succeeded: false) }
    }
    isCounted = true
    stage = .closed
    dropTransaction()
    return .close(replies)
  }

  mutating func dropTransaction() {
    transaction = nil
    pending = nil
    judging = nil
    chunk = Chunk()
    forwarded = nil
  }

  /// Refuses with the log line of Postfix's smtpd.
  ///
  /// `sender` and `helo` are those of the command at hand, where they are not the session's yet.
  mutating func reject(_ reply: Reply, sender: ReversePath? = nil, recipient: String? = nil, helo: String? = nil) -> Action {
    notice = .reject(verdict("reject", reply.summary, sender: sender, recipient: recipient, helo: helo))
    return .reply(reply)
  }

  /// What was decided about the command at hand, for the log.
  package func verdict(_ action: String, _ text: String, sender: ReversePath? = nil, recipient: String? = nil, helo: String? = nil) -> Rejection {
    Rejection(
      action: action, place: place, client: client.description, reply: text, sender: (sender ?? transaction?.givenSender)?.address,
      recipient: recipient, protocolName: protocolName, helo: helo ?? heloName)
  }

  /// Where the session is, in the words of Postfix's log.
  package var place: String {
    switch (stage, lastCommand) {
    case (.content, _): "DATA (\(transaction?.size ?? 0) bytes)"
    case (.chunk, _): "BDAT (\(transaction?.size ?? 0) bytes)"
    case (.committing, _): "END-OF-MESSAGE"
    case (.judging, _) where judging?.request.moment == .endOfData: "END-OF-MESSAGE"
    case (_, .verb(let verb)): verb.name.uppercased()
    case (_, .unknown): "UNKNOWN"
    case (_, .none): "CONNECT"
    }
  }
}

extension Reply {
  /// `soft_bounce`: a refusal for ever becomes one for now.
  package var softened: Reply {
    guard code >= 500 else { return self }
    return Reply(code &- 100, status.map { EnhancedStatus(4, $0.subject, $0.detail) }, text)
  }
}
