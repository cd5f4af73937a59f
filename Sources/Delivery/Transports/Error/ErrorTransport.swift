// SPDX-License-Identifier: Apache-2.0
import Queue

/// `error:text` refuses, `retry:text` puts off, `discard:text` throws away: error(8) and discard(8). The text may begin with an enhanced status.
package struct ErrorTransport: Transport {
  private let outcome: RecipientResult.Outcome

  package init(_ outcome: RecipientResult.Outcome) { self.outcome = outcome }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    let reason = ErrorTransport.reason(job.hop.destination, otherwise: status)
    return DeliveryResult(job.recipients.map { RecipientResult($0.index, outcome, reason) })
  }

  package func probe(_ job: DeliveryJob) async -> DeliveryResult { await deliver(job) }

  private var status: String {
    switch outcome {
    case .sent: "2.0.0"
    case .deferred: "4.0.0"
    case .bounced: "5.0.0"
    }
  }

  /// RFC 3463 §2: class "." subject "." detail, in front of the text.
  static func reason(_ text: String, otherwise status: String) -> Reason {
    let words = text.split(separator: " ", maxSplits: 1)
    guard let first = words.first, isStatus(first) else { return Reason(status: status, text: text) }
    return Reason(status: String(first), text: words.count > 1 ? String(words[1].drop { $0 == " " }) : "")
  }

  private static func isStatus(_ word: Substring) -> Bool {
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, ["2", "4", "5"].contains(parts[0]) else { return false }
    return parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }
}
