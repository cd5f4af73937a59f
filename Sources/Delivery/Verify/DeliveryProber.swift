// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Restrictions
import Runtime
import SMTP
import Spool

/// Finds out whether an address takes mail by what a delivery would do, up to the point where content would be sent. On the loop of the transports.
package final class DeliveryProber: AddressProber, @unchecked Sendable {
  /// What it asks. All of it may block, and is called on a pool's threads.
  package struct Means: Sendable {
    /// Who gets mail for the recipient in the end; nil if that cannot be told now.
    package var expand: @Sendable (Recipient) -> [Recipient]?
    package var route: @Sendable (Recipient, _ sender: String) -> Routing
    /// Whether there is a mailbox here.
    package var mailbox: @Sendable (Recipient) -> RecipientResult
    package var sender: @Sendable () -> String
    package var nextID: @Sendable () -> QueueID

    package init(
      expand: @escaping @Sendable (Recipient) -> [Recipient]?, route: @escaping @Sendable (Recipient, String) -> Routing,
      mailbox: @escaping @Sendable (Recipient) -> RecipientResult, sender: @escaping @Sendable () -> String,
      nextID: @escaping @Sendable () -> QueueID
    ) {
      self.expand = expand
      self.route = route
      self.mailbox = mailbox
      self.sender = sender
      self.nextID = nextID
    }
  }

  private struct Probe: Sendable {
    let id: QueueID
    let envelope: Envelope
    let hop: NextHop
    let taken: Int64
    let done: @Sendable (Verification) -> Void
  }

  /// So many conversations at a time, and with one next hop.
  private static let maximum = 100
  private static let maximumOfHop = 5

  private let loop: EventLoop
  private let pool: BlockingPool
  private let transports: TransportTable
  private let means: Means
  private let hostname: String
  private let clock: @Sendable () -> Int64
  private let report: @Sendable (DeliveryReport) -> Void

  // On the loop's thread only. The verifier limits how many there are.
  private var waiting: [Probe] = []
  private var running: [NextHop: Int] = [:]
  private var count = 0

  package init(
    on loop: EventLoop, pool: BlockingPool, transports: TransportTable, _ means: Means, hostname: String, clock: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (DeliveryReport) -> Void
  ) {
    self.loop = loop
    self.pool = pool
    self.transports = transports
    self.means = means
    self.hostname = hostname
    self.clock = clock
    self.report = report
  }

  package func probe(_ address: String, _ destination: Destination, done: @escaping @Sendable (Verification) -> Void) {
    if !pool.submit({ self.prepare(address, destination, done) }) { done(Verification(.deferred, "too much to do at once")) }
  }

  // MARK: on the pool

  private func prepare(_ address: String, _ destination: Destination, _ done: @escaping @Sendable (Verification) -> Void) {
    let now = clock()
    let recipient = Recipient(address: address, original: address, route: destination.probedRoute, notify: .never)
    let recipients = means.expand(recipient)
    let target = recipients?.first ?? recipient
    let envelope = Envelope(
      sender: means.sender(), arrival: now, host: hostname, recipients: [target], smtpUTF8: !address.utf8.allSatisfy { $0 < 0x80 })
    var result: RecipientResult?
    var hop = NextHop.none
    if recipients == nil {
      result = RecipientResult(0, .deferred, Reason(status: "4.3.0", text: "alias lookup problem"))
    } else if recipients?.count != 1 {
      result = RecipientResult(0, .sent, Reason(status: "2.0.0", text: "aliased to multiple recipients"))
    } else {
      switch means.route(target, envelope.sender) {
      case .deferred(let reason): result = RecipientResult(0, .deferred, reason)
      case .to(let found):
        hop = found
        if transports[found.transport] == nil { result = mailbox(target, found) }
      }
    }
    let probe = Probe(id: means.nextID(), envelope: envelope, hop: hop, taken: now, done: done)
    if let result { return finish(probe, result, hop.mailboxService ?? "error", began: now) }
    loop.spawn {
      self.waiting.append(probe)
      self.pump()
    }
  }

  private func mailbox(_ recipient: Recipient, _ hop: NextHop) -> RecipientResult {
    guard hop.mailboxService != nil else {
      return RecipientResult(0, .deferred, Reason(status: "4.3.0", text: "mail transport unavailable"))
    }
    return means.mailbox(recipient)
  }

  // MARK: on the loop

  private func pump() {
    while count < Self.maximum, let index = waiting.firstIndex(where: { running[$0.hop.site, default: 0] < Self.maximumOfHop }) {
      let probe = waiting.remove(at: index)
      count += 1
      running[probe.hop.site, default: 0] += 1
      loop.spawn { await self.run(probe) }
    }
  }

  private func run(_ probe: Probe) async {
    let began = clock()
    let message = QueuedMessage.probe(id: probe.id, envelope: probe.envelope)
    var job = DeliveryJob(message: message, recipients: message.due, hop: probe.hop, taken: probe.taken, began: began, isBacklogged: false)
    job.isProbe = true
    let row = transports[probe.hop.transport]
    let results = await row?.transport.probe(job).recipients ?? []
    let result = results.first ?? RecipientResult(0, .deferred, Reason(status: "4.3.0", text: "unknown mail transport error"))
    count -= 1
    let left = running[probe.hop.site, default: 1] - 1
    running[probe.hop.site] = left > 0 ? left : nil
    finish(probe, result, row?.service ?? "error", began: began)
    pump()
  }

  // MARK: on either

  private func finish(_ probe: Probe, _ result: RecipientResult, _ service: Service, began: Int64) {
    guard let recipient = probe.envelope.recipients.first else { return }
    report(
      DeliveryReport(
        queueID: probe.id, recipient: recipient.address, original: recipient.original, service: service, relay: result.relay,
        delays: .init(before: 0, queue: began.difference(from: probe.taken), connection: result.connection, transmission: result.transmission),
        dsn: result.reason.status, status: .init(probed: result.outcome), text: result.reason.text))
    let status: Verification.Status =
      switch result.outcome {
      case .sent: .deliverable
      case .deferred: .deferred
      case .bounced: .undeliverable
      }
    probe.done(Verification(status, result.reason.text))
  }
}

extension NextHop {
  /// Whose line it is in the log, where a mailbox of this host is meant.
  fileprivate var mailboxService: Service? { transport == "local" ? "local" : transport == "virtual" ? "virtual" : nil }
}

extension Destination {
  fileprivate var probedRoute: Recipient.Route {
    switch self {
    case .local: .local
    case .virtual: .virtual
    case .remote: .remote
    }
  }
}
