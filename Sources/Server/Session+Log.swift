// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import SMTP

/// What a session says in the log, in the order in which Postfix's smtpd and cleanup would.
extension Session {
  @inline(never) func log(_ kind: Kind, about id: QueueID? = nil, severity: Severity = .info) {
    services.log.event(Event(client.submitter == nil ? "smtpd" : "pickup", kind, severity: severity, queueID: id, session: number))
  }

  /// As cleanup, which knows nothing of the listener's name.
  @inline(never) func logCleanup(_ kind: Kind, about id: QueueID, severity: Severity = .info) {
    services.baseLog.event(Event("cleanup", kind, severity: severity, queueID: id, session: number))
  }

  /// Gives the message its name when the first recipient is accepted, as Postfix does: refusals of others then carry it.
  @inline(never) func openTransaction() {
    guard queueID == nil, machine.hasRecipients else { return }
    queueID = services.store.reserveID()
    guard let submitter = client.submitter else { return log(.client(client.peer, submission), about: queueID) }
    let sender = machine.transaction?.givenSender.address ?? ""
    services.baseLog.event(Event("pickup", .text("uid=\(submitter.uid) from=<\(sender)>"), queueID: queueID, session: number))
  }

  /// Who else the client says it speaks for: XCLIENT's LOGIN, and what XFORWARD told.
  private var submission: Submission {
    var submission = Submission()
    if let login = client.login {
      submission.saslMethod = "XCLIENT"
      submission.saslUsername = login
    }
    if let forwarded = machine.forwardedClient {
      submission.originalQueueID = forwarded.ident ?? ""
      submission.originalClient = forwarded.clientDescription ?? ""
    }
    return submission
  }

  /// Once its end has been told.
  @inline(never) func closeTransaction() {
    if queueID != nil, !machine.hasRecipients { queueID = nil }
    if bench?.isAboutMessage == true, machine.transaction == nil { bench?.beginMessage() }
  }
}

extension Client {
  package var peer: Peer { Peer(name: name, address: address, port: port, isLocal: isLocal, showsPort: logsPort) }
}

extension VerdictFacts {
  init(_ rejection: Rejection) {
    self.init(
      action: rejection.action, place: rejection.place, reply: rejection.reply, sender: rejection.sender, recipient: rejection.recipient,
      protocolName: rejection.protocolName, helo: rejection.helo)
  }
}
