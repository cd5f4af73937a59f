// SPDX-License-Identifier: Apache-2.0
import Queue

extension Recipient {
  /// `recipients` are what it became. Where its sender asked for reports of success, they are asked for none, and a notice is put behind them.
  func noticing(_ recipients: [Recipient]) -> [Recipient] {
    guard recipients.map(\.address) != [address], notify.contains(.success), !notify.contains(.never) else { return recipients }
    var notice = self
    notice.notify = Self.expansionNotice
    notice.route = .remote
    return recipients.map(\.withoutSuccess) + [notice]
  }

  /// The same without reports of success.
  var withoutSuccess: Recipient {
    guard notify.contains(.success), !isExpansionNotice else { return self }
    var copy = self
    copy.notify.remove(.success)
    // An empty set would ask for the reports that are sent by default.
    if copy.notify.isEmpty { copy.notify = .never }
    return copy
  }
}

/// Tells that an address was expanded.
struct ExpansionTransport: Transport {
  static let name = "expanded"

  func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    DeliveryResult(
      job.recipients.map { due in
        var result = RecipientResult(due.index, .sent, Reason(status: "2.0.0", text: "alias expanded"))
        result.isExpansion = true
        return result
      })
  }
}
