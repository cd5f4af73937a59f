// SPDX-License-Identifier: Apache-2.0
import SMTP

/// What restrictions have decided.
package struct Judgement: Equatable, Sendable {
  package var verdict = Verdict()
  /// Lines for the log, in order, without what the session itself adds for the refusal.
  package var notes: [Note] = []
  /// What the next judgements of this session must know.
  package var memory = JudgeMemory()
  /// Which restriction refused, as it was written; nil where none did by itself.
  package var blame: Blame?

  package init() {}

  package struct Blame: Equatable, Sendable {
    /// `smtpd_recipient_restrictions`
    package let list: String
    package let restriction: String
    /// `file:line`, where that is known.
    package let place: String?
  }

  package struct Note: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
      /// `NOQUEUE: WORD: PLACE from CLIENT: TEXT; from=…`, with the word: `reject_warning`, `warn`, `hold`.
      case session(String)
      case warning
    }

    package let kind: Kind
    package let text: String
  }
}

/// A refusal that waits for its moment.
package struct Refusal: Equatable, Sendable {
  let code: UInt16
  let status: EnhancedStatus
  let text: String
  /// The server's own fault: `warn_if_reject` cannot make a warning of it.
  var isServerError = false
}

/// What is kept between the commands of a session: with `smtpd_delay_reject = no` a doubt at HELO counts at RCPT.
package struct JudgeMemory: Equatable, Sendable {
  /// Most sessions have none, and this is copied for each command.
  private var doubts: Doubts?
  var settled = SettledLists()

  package init() {}

  var client: Refusal? {
    get { doubts?.client }
    set { set(newValue, helo, sender) }
  }
  var helo: Refusal? {
    get { doubts?.helo }
    set { set(client, newValue, sender) }
  }
  var sender: Refusal? {
    get { doubts?.sender }
    set { set(client, helo, newValue) }
  }

  private mutating func set(_ client: Refusal?, _ helo: Refusal?, _ sender: Refusal?) {
    if doubts == nil, client == nil, helo == nil, sender == nil { return }
    doubts = Doubts(client, helo, sender)
  }

  private final class Doubts: Equatable, Sendable {
    let client: Refusal?
    let helo: Refusal?
    let sender: Refusal?

    init(_ client: Refusal?, _ helo: Refusal?, _ sender: Refusal?) { (self.client, self.helo, self.sender) = (client, helo, sender) }

    static func == (left: Doubts, right: Doubts) -> Bool { (left.client, left.helo, left.sender) == (right.client, right.helo, right.sender) }
  }
}
