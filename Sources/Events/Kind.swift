// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What happened. The cases are the lines of Postfix's log.
package enum Kind: Equatable, Sendable {
  /// What has no form of its own.
  case text(String)
  /// `connect from name[address]`
  case connect(Peer)
  /// `disconnect from name[address] ehlo=1 … commands=5`
  case disconnect(Peer, commands: String)
  /// `client=name[address]`: the first recipient was accepted.
  case client(Peer, Submission = Submission())
  /// `reject: RCPT from name[address]: 554 …; from=<…> to=<…> proto=ESMTP helo=<…>`
  case verdict(VerdictFacts, Peer)
  /// `message-id=<…>`, with its brackets.
  case messageID(String, isResent: Bool = false)
  /// `from=<…>, size=…, nrcpt=… (queue active)`
  case active(sender: String, size: Int, recipients: Int)
  /// `to=<…>, relay=…, delay=…, delays=…, dsn=…, status=… (…)`
  case delivery(DeliveryFacts)
  /// `from=<…>, status=expired, returned to sender`
  case expired(sender: String)
  /// `removed`
  case removed
  /// A stage has answered. This and those below are for the trace, and in no log.
  case step(StepFacts)
  /// Stages that let a message pass without a word, and how long each took: `a=12 b=3`, in microseconds.
  case passed(String)
  case arrived(EnvelopeFacts)
  /// What the client was told: each refusal, and the reply to a message.
  case answer(reply: String, place: String, code: String)
  /// `sender non-delivery notification: ID`: a report about the message was queued, and this is its id. In the log.
  case notice(String, report: String)

  /// As JSON and the journal name it.
  package enum Name: UInt8, CaseIterable, Sendable {
    case text, connect, disconnect, client, verdict, messageID, active, delivery, expired, removed
    case step, passed, arrived, answer
    case notice

    package var text: StaticString {
      switch self {
      case .text: "text"
      case .connect: "connect"
      case .disconnect: "disconnect"
      case .client: "client"
      case .verdict: "verdict"
      case .messageID: "message_id"
      case .active: "active"
      case .delivery: "delivery"
      case .expired: "expired"
      case .removed: "removed"
      case .step: "step"
      case .passed: "passed"
      case .arrived: "arrived"
      case .answer: "answer"
      case .notice: "notice"
      }
    }

    /// Whether it is for the trace alone.
    package var isTrace: Bool { (Name.step.rawValue...Name.answer.rawValue).contains(rawValue) }
  }

  package var name: Name {
    switch self {
    case .text: .text
    case .connect: .connect
    case .disconnect: .disconnect
    case .client: .client
    case .verdict: .verdict
    case .messageID: .messageID
    case .active: .active
    case .delivery: .delivery
    case .expired: .expired
    case .removed: .removed
    case .step: .step
    case .passed: .passed
    case .arrived: .arrived
    case .answer: .answer
    case .notice: .notice
    }
  }
}

/// Who is at the other end of a connection.
package struct Peer: Equatable, Sendable {
  package var name: String
  /// Nil on a unix socket, or when it is not known.
  package var address: IPAddress?
  /// 0 when it is not known.
  package var port: UInt16
  package var isLocal: Bool
  /// `smtpd_client_port_logging`.
  package var showsPort: Bool

  package init(name: String, address: IPAddress?, port: UInt16 = 0, isLocal: Bool = false, showsPort: Bool = false) {
    self.name = name
    self.address = address
    self.port = port
    self.isLocal = isLocal
    self.showsPort = showsPort
  }
}

/// What is known about a message's way here besides the client; empty texts are unknown.
package struct Submission: Equatable, Sendable {
  package var saslMethod = ""
  package var saslUsername = ""
  package var saslSender = ""
  /// By XFORWARD.
  package var originalQueueID = ""
  /// `name[address]`, by XFORWARD.
  package var originalClient = ""

  package init() {}
}

/// What smtpd decided about a command: to refuse it, or what else a restriction asked for.
package struct VerdictFacts: Equatable, Sendable {
  /// `reject`, `reject_warning`, `warn`, `hold`, `discard`, `redirect`, `filter`, ...
  package var action: String
  /// `RCPT`, `END-OF-MESSAGE`, ...
  package var place: String
  /// The reply, on one line.
  package var reply: String
  package var sender: String?
  package var recipient: String?
  package var protocolName: String
  package var helo: String

  package init(
    action: String = "reject", place: String, reply: String, sender: String? = nil, recipient: String? = nil, protocolName: String,
    helo: String = ""
  ) {
    self.action = action
    self.place = place
    self.reply = reply
    self.sender = sender
    self.recipient = recipient
    self.protocolName = protocolName
    self.helo = helo
  }
}

/// What an attempt did for one recipient.
package struct DeliveryFacts: Equatable, Sendable {
  package var recipient: String
  /// As the client gave it; said where it differs.
  package var original: String
  /// `local`, `virtual`, or `host[address]:port`.
  package var relay: String
  package var delays: Delays
  /// RFC 3463.
  package var dsn: String
  /// `sent`, `deferred`, `bounced`, ...
  package var status: String
  package var reason: String
  /// How many messages the connection has served, this one included.
  package var connectionUse = 1

  package init(recipient: String, original: String, relay: String, delays: Delays, dsn: String, status: String, reason: String) {
    self.recipient = recipient
    self.original = original
    self.relay = relay
    self.delays = delays
    self.dsn = dsn
    self.status = status
    self.reason = reason
  }

  /// How long the steps took, in microseconds.
  package struct Delays: Equatable, Sendable {
    /// From the arrival until an agent had the message.
    package var before: Int64
    /// Until it began with this recipient.
    package var queue: Int64
    /// Until there was a connection.
    package var connection: Int64
    package var transmission: Int64

    package init(before: Int64, queue: Int64, connection: Int64, transmission: Int64) {
      self.before = before
      self.queue = queue
      self.connection = connection
      self.transmission = transmission
    }
  }
}
