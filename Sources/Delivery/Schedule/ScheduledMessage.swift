// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// A message in the scheduler's hands. Touched on its loop only.
final class ScheduledMessage: @unchecked Sendable {
  private(set) var message: QueuedMessage
  let lane: SchedulerLane
  /// When it was taken from the spool, in microseconds since 1970.
  let taken: Int64
  /// Jobs that have not ended.
  var open: Int
  /// Of those that have.
  var untold = Untold()
  /// An attempt has begun.
  var hasBegun = false

  init(_ message: QueuedMessage, _ lane: SchedulerLane, taken: Int64, open: Int) {
    self.message = message
    self.lane = lane
    self.taken = taken
    self.open = open
  }

  /// Lets go of its content until its turn comes.
  func drop() { message = message.withoutContent(in: lane.spool) }
}

/// A message for those of its recipients that have one next hop, in one delivery.
struct ScheduledJob: Sendable {
  let owner: ScheduledMessage
  let recipients: [DueRecipient]
  let hop: NextHop
}

/// A message as it comes from the spool, and where it is to go.
struct RoutedMessage: Sendable {
  let message: QueuedMessage
  var groups: [(hop: NextHop, recipients: [DueRecipient])] = []
  /// Those whose way could not be found out.
  var unrouted: [(recipient: DueRecipient, reason: Reason)] = []

  /// Asks the router for each recipient that is due; may block.
  init(_ message: QueuedMessage, _ router: any Router) {
    self.message = message
    var places: [NextHop: Int] = [:]
    for due in message.due where message.envelope.recipients.indices.contains(due.index) {
      switch RoutedMessage.route(message.envelope.recipients[due.index], of: message.envelope, router) {
      case .deferred(let reason): unrouted.append((due, reason))
      case .to(let hop):
        let site = hop.site
        if let place = places[site] {
          groups[place].recipients.append(due)
        } else {
          places[site] = groups.count
          groups.append((hop, [due]))
        }
      }
    }
  }

  private static func route(_ recipient: Recipient, of envelope: Envelope, _ router: any Router) -> Routing {
    envelope.contentFilter.isEmpty || envelope.isProbe || recipient.isExpansionNotice
      ? router.route(recipient, sender: envelope.sender) : .to(router.hop(through: envelope.contentFilter, for: recipient))
  }
}
