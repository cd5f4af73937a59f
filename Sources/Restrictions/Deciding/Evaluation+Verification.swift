// SPDX-License-Identifier: Apache-2.0
import SMTP

/// `reject_unverified_sender` and `reject_unverified_recipient`.
extension Evaluation {
  mutating func rejectUnverified(_ party: Party) throws(Interruption) -> Outcome {
    guard let mailbox = mailbox(party), let resolved = resolve(party) else { return .dunno }
    let question = Question.verification(resolved.address, resolved.destination, patience: settings.verificationPatience)
    guard let answer = answers[question] else { throw .needs(question) }
    guard case .verification(let found) = answer else { return .dunno }
    let rules = party == .sender ? settings.unverifiedSender : settings.unverifiedRecipient
    let context = Context(mailbox, replyClass: party.replyClass)
    let status = EnhancedStatus(4, 1, party == .sender ? 7 : 1)
    switch found.status {
    case .deliverable: return .dunno
    case .unavailable:
      warn("address verification is not available here")
      return uncertain(450, status, context, "address verification problem", rules)
    case .pending, .deferred: return refuse(rules.deferCode, status, context, found.text, rules)
    case .undeliverable: return refuse(rules.rejectCode, status, context, found.text, rules)
    }
  }

  /// As in Postfix, the code decides what the address is called.
  private mutating func refuse(
    _ code: UInt16, _ status: EnhancedStatus, _ context: Context, _ why: String, _ rules: UnverifiedSettings
  ) -> Outcome {
    let text = rules.rejectReason.isEmpty ? String(why.prefix(Self.longestReason)) : rules.rejectReason
    switch code {
    case 500...: return reject(code, status, context, "undeliverable address: \(text)")
    case 400..<500: return uncertain(code, status, context, "unverified address: \(text)", rules)
    default: return .dunno
    }
  }

  private mutating func uncertain(
    _ code: UInt16, _ status: EnhancedStatus, _ context: Context, _ why: String, _ rules: UnverifiedSettings
  ) -> Outcome {
    let text = "<\(context.name)>: \(context.replyClass) rejected: \(why)"
    return tempfail(rules.tempfailAction, Refusal(code: code, status: status, text: text))
  }

  /// What a server says at length is not repeated to others.
  private static let longestReason = 250
}
