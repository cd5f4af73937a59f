// SPDX-License-Identifier: Apache-2.0

/// The parts of an event. docs/logs.md lists them from here.
package enum Field: UInt8, CaseIterable, Sendable {
  case text = 1
  case clientName, clientAddress, clientPort, isLocal, showsPort
  case commands
  case saslMethod, saslUsername, saslSender, originalQueueID, originalClient
  case action, place, reply, sender, recipient, protocolName, helo
  case messageID, isResent
  case size, recipientCount
  case originalRecipient, relay, delayBefore, delayQueue, delayConnection, delayTransmission, dsn, status, reason
  case stageName, rule, matched, edits, duration, isShadow, stages, subject, code
  case connectionUse
  case notice, report

  /// How JSON writes a value.
  package enum Form: Sendable {
    case text
    case number
    /// Microseconds in the record; seconds outside.
    case seconds
    /// Only written when it is true.
    case flag
    /// Family and bits in the record.
    case address

    package var title: StaticString {
      switch self {
      case .text, .address: "string"
      case .number: "number"
      case .seconds: "seconds"
      case .flag: "true"
      }
    }
  }

  package var form: Form {
    switch self {
    case .clientAddress: .address
    case .clientPort, .size, .recipientCount, .connectionUse: .number
    case .delayBefore, .delayQueue, .delayConnection, .delayTransmission, .duration: .seconds
    case .isResent, .isLocal, .showsPort, .isShadow: .flag
    default: .text
    }
  }

  /// The key in JSON; in the journal the same in capitals, after `WEIR_`.
  package var key: StaticString { description.key }

  package var meaning: StaticString { description.meaning }

  private var description: (key: StaticString, meaning: StaticString) {
    switch self {
    case .text: ("text", "what is said, without form")
    case .clientName: ("client_name", "the client's verified host name, or `unknown`")
    case .clientAddress: ("client_address", "the client's address")
    case .clientPort: ("client_port", "the client's port")
    case .isLocal: ("client_local", "the client is on a unix socket")
    case .showsPort: ("client_port_logging", "the line has the port (`smtpd_client_port_logging`)")
    case .commands: ("commands", "how often each command was given, and carried out where that differs")
    case .saslMethod: ("sasl_method", "how the client logged in")
    case .saslUsername: ("sasl_username", "who logged in")
    case .saslSender: ("sasl_sender", "AUTH= of MAIL FROM")
    case .originalQueueID: ("orig_queue_id", "the message's id at the server before a content filter (XFORWARD)")
    case .originalClient: ("orig_client", "that server's client (XFORWARD)")
    case .action: ("action", "`reject`, `reject_warning`, `hold`, `discard`, ...")
    case .place: ("stage", "the command that it came after: `RCPT`, `END-OF-MESSAGE`, ...")
    case .reply: ("reply", "the reply")
    case .sender: ("from", "the envelope's sender; empty for bounces")
    case .recipient: ("to", "the envelope's recipient")
    case .protocolName: ("proto", "`SMTP`, `ESMTP` or `LMTP`")
    case .helo: ("helo", "what the client called itself")
    case .messageID: ("message_id", "the header field, as it stands")
    case .isResent: ("resent", "it is Resent-Message-Id")
    case .connectionUse: ("conn_use", "how many messages this connection has served, from the second on")
    case .size: ("size", "bytes, with the header fields that were added")
    case .recipientCount: ("nrcpt", "how many recipients")
    case .originalRecipient: ("orig_to", "the recipient as the client gave it, where that differs in more than capitals")
    case .relay: ("relay", "who delivered, or was asked to")
    case .delayBefore: ("delay_before", "from arrival until an agent had the message")
    case .delayQueue: ("delay_queue", "until it began with this recipient")
    case .delayConnection: ("delay_connection", "until there was a connection")
    case .delayTransmission: ("delay_transmission", "the delivery itself")
    case .dsn: ("dsn", "enhanced status, RFC 3463")
    case .status: ("status", "`sent`, `deferred`, `bounced`, ...")
    case .reason: ("reason", "what was said about it")
    case .stageName: ("stage_name", "the name of the stage in the configuration")
    case .rule: ("rule", "where the rule is that decided: `file:line`, or an option")
    case .matched: ("matched", "the text that the rule found")
    case .edits: ("edits", "what the stage changed, a line for each change")
    case .duration: ("duration", "how long the stage took")
    case .isShadow: ("shadow", "nothing of it was applied")
    case .stages: ("stages", "stages that had nothing to say, each with its microseconds: `a=12 b=3`")
    case .subject: ("subject", "the Subject field, decoded")
    case .code: ("code", "the short name of a refusal: `7f3a2c`")
    case .notice: ("notice", "what kind of report was queued about the message")
    case .report: ("report", "the queue id of that report")
    }
  }
}
