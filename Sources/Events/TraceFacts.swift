// SPDX-License-Identifier: Apache-2.0

/// What a stage has said, or would have.
package struct StepFacts: Equatable, Sendable {
  package var stage: String
  /// `HEADER`, `RCPT`, ...
  package var place: String
  /// `CONTINUE`, `REJECT`, ..., or `FAILED`.
  package var verdict: String
  /// Where the rule is that decided: `file:line`, or an option's name.
  package var rule = ""
  /// What the rule found.
  package var matched = ""
  package var reply = ""
  /// A line for each.
  package var edits = ""
  /// Why it failed.
  package var reason = ""
  /// In microseconds; nil where nobody has measured.
  package var duration: Int64?
  package var isShadow = false

  package init(stage: String, place: String, verdict: String) {
    self.stage = stage
    self.place = place
    self.verdict = verdict
  }
}

/// A message that has come whole, before it is decided.
package struct EnvelopeFacts: Equatable, Sendable {
  package var sender: String
  /// Apart by blanks.
  package var recipients: String
  package var subject: String
  package var protocolName: String
  package var helo: String

  package init(sender: String, recipients: String, subject: String, protocolName: String, helo: String) {
    self.sender = sender
    self.recipients = recipients
    self.subject = subject
    self.protocolName = protocolName
    self.helo = helo
  }
}

/// A short name for a refusal, by which the client can ask about it.
package struct TraceCode: Equatable, Sendable, CustomStringConvertible {
  package let number: UInt32

  /// Nearly always another for another `seed`.
  package init(seed: UInt64) {
    // The finaliser of splitmix64, in which each bit of the seed moves each bit of the result.
    var mixed = seed &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    number = UInt32(truncatingIfNeeded: (mixed ^ mixed >> 31) >> 40)
  }

  package static let digits = 6

  package var description: String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: Self.digits - digits.utf8.count) + digits
  }

  /// As replies have it at their end.
  package var mark: String { "[weir:\(description)]" }
}
