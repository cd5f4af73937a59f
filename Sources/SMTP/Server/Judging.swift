// SPDX-License-Identifier: Apache-2.0

/// What `.judge` wants decided by the restrictions of the listener.
package struct JudgementRequest: Equatable, Sendable {
  package enum Moment: UInt8, CaseIterable, Sendable { case connect, hello, mail, recipient, verify, data, endOfData, etrn }

  /// Some of them.
  package struct Moments: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package init(_ moment: Moment) { self.init(rawValue: 1 << moment.rawValue) }
  }

  package let moment: Moment
  /// At `.hello`: the name that the client has just given. It is not yet the session's.
  package var helo: String?
  /// At `.hello`: HELO, EHLO or LHLO.
  package var verb: String?
  /// At `.mail`: the sender, of whom there is no transaction yet.
  package var sender: ReversePath?
  package var size: Int?
  package var recipient: Mailbox?
  package var etrnDomain: String?

  package init(_ moment: Moment) { self.moment = moment }
}

/// What restrictions answer to `.judge`.
package struct Verdict: Equatable, Sendable {
  /// Nil if the command may go on.
  package var refusal: Reply?
  package var marks = MessageMarks()
  /// The recipient is known to exist: it need not be looked up again.
  package var hasCheckedRecipient = false
  /// Where the recipient leads, if that was found out.
  package var recipient: RelayPolicy.Resolution?
  /// False if nobody was asked who may relay: the machine then decides that by itself.
  package var isRuled = true
  /// At `.recipient`: who gets the message in this one's place. Whether the client may send to the one it named has been decided.
  package var rewritten: Mailbox?
  /// The refusal is the last thing that the client is told.
  package var closes = false

  package init(refusal: Reply? = nil) { self.refusal = refusal }

  /// Of nobody who knows who may relay.
  package static var unruled: Verdict {
    var verdict = Verdict()
    verdict.isRuled = false
    return verdict
  }
}

/// What restrictions want done with the message as a whole.
package struct MessageMarks: Equatable, Sendable {
  /// HOLD: it is kept, and not delivered until somebody releases it.
  package var isHeld = false
  /// DISCARD: the client is told that it was queued, and it is thrown away.
  package var isDiscarded = false
  /// REDIRECT: who gets it in the place of its recipients.
  package var redirect: String?
  /// FILTER: `transport:nexthop` to which it goes first.
  package var filter: String?
  /// BCC: who gets it besides.
  package var bcc: String?
  /// PREPEND: header fields to put before all others, in order.
  package var prepended: [String] = []

  package init() {}

  /// The last REDIRECT, FILTER and BCC count.
  mutating func add(_ other: MessageMarks) {
    isHeld = isHeld || other.isHeld
    isDiscarded = isDiscarded || other.isDiscarded
    redirect = other.redirect ?? redirect
    filter = other.filter ?? filter
    bcc = other.bcc ?? bcc
    prepended += other.prepended
  }
}
