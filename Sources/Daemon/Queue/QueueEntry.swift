// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// A message of the queue as commands see it: what goes over the control socket, line by line, and is shown in many forms.
struct QueueEntry: Equatable, Sendable {
  struct Recipient: Equatable, Sendable {
    enum State: String, Sendable { case waiting, delivered, stable, relayed, deferred, failed, held }

    var address: String
    var state: State
    var status: String
    var reason: String

    var domain: String { address.lastIndex(of: "@").map { address[address.index(after: $0)...].lowercased() } ?? "" }
    /// Whether the message is still to get there.
    var isPending: Bool { state == .waiting || state == .deferred || state == .held }
  }

  /// `ready`, `active`, `deferred`, `held`, `damaged`, `delivered`.
  var state: String
  var id: QueueID
  var size: Int64
  /// Microseconds since 1970.
  var arrival: Int64
  var nextAttempt: Int64?
  var sender: String
  var recipients: [Recipient]

  /// The queue that it would be in with Postfix.
  var queueName: String {
    switch state {
    case "held", "damaged": "hold"
    case "deferred": "deferred"
    case "ready": "incoming"
    default: "active"
    }
  }
}

extension QueueEntry {
  init(_ listing: QueueListing) {
    self.init(
      state: listing.word, id: listing.id, size: listing.size, arrival: listing.arrival, nextAttempt: listing.nextAttempt, sender: listing.sender,
      recipients: listing.recipients.map(Recipient.init))
  }

  // MARK: Lines

  /// A line for the message, and one for each recipient.
  var lines: String {
    var text = Self.line(["M", id.description, state, "\(size)", "\(arrival)", nextAttempt.map { "\($0)" } ?? "", sender])
    for recipient in recipients { text += Self.line(["R", recipient.state.rawValue, recipient.status, recipient.reason, recipient.address]) }
    return text
  }

  private static func line(_ fields: [String]) -> String { fields.map(TabbedText.escaped).joined(separator: "\t") + "\n" }

  /// What `lines` has written for some messages.
  static func read(_ text: String) -> [QueueEntry] {
    var entries: [QueueEntry] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(TabbedText.unescaped)
      if fields.first == "M", let entry = QueueEntry(fields) {
        entries.append(entry)
      } else if fields.first == "R", fields.count == 5, let state = Recipient.State(rawValue: fields[1]), let last = entries.indices.last {
        entries[last].recipients.append(Recipient(address: fields[4], state: state, status: fields[2], reason: fields[3]))
      }
    }
    return entries
  }

  private init?(_ fields: [String]) {
    guard fields.count == 7, let id = QueueID(fields[1]), let size = Int64(fields[3]), let arrival = Int64(fields[4]) else { return nil }
    self.init(state: fields[2], id: id, size: size, arrival: arrival, nextAttempt: Int64(fields[5]), sender: fields[6], recipients: [])
  }
}

extension QueueEntry.Recipient {
  fileprivate init(_ recipient: (address: String, state: RecipientState)) {
    let (state, reason): (State, Reason?) =
      switch recipient.state {
      case .waiting: (.waiting, nil)
      case .delivered: (.delivered, nil)
      case .stable: (.stable, nil)
      case .relayed: (.relayed, nil)
      case .deferred(let deferral): (.deferred, deferral.reason)
      case .failed(let reason): (.failed, reason)
      case .held(let reason): (.held, reason)
      }
    self.init(address: recipient.address, state: state, status: reason?.status ?? "", reason: reason?.text ?? "")
  }
}
