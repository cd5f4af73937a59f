// SPDX-License-Identifier: Apache-2.0
import Events
import Message
import Queue
import Runtime
import Spool

/// Postfix's bounce(8): makes reports, and queues them as messages of their own.
package final class SenderReporter: SenderReports {
  package struct Settings: Sendable {
    package var rules: ReportRules
    package var writer: ReportWriter
    /// Ends the names of Maildir files.
    package var hostname: String
    /// `bounce_size_limit`
    package var sizeLimit = 50_000
    /// `maximal_queue_lifetime`, in microseconds.
    package var lifetime: Int64 = 5 * 86_400_000_000
    /// `bounce_queue_lifetime`, in microseconds.
    package var bounceLifetime: Int64 = 5 * 86_400_000_000

    package init(rules: ReportRules, writer: ReportWriter, hostname: String) {
      self.rules = rules
      self.writer = writer
      self.hostname = hostname
    }
  }

  /// What it needs of the surroundings.
  package struct Means: Sendable {
    /// Runs what may block somewhere else; false when there is no room for it.
    package var offload: @Sendable (@escaping @Sendable () -> Void) -> Bool
    /// Completes an address and says where its mail goes; nil if that cannot be told now.
    package var resolve: @Sendable (String) -> Recipient?
    /// What aliases make of who gets a report; nil if that cannot be told now.
    package var expand: @Sendable ([Recipient]) -> [Recipient]? = { $0 }
    /// Microseconds since 1970, and local time then.
    package var clock: @Sendable () -> Int64
    package var zone: @Sendable (Int64) -> Zone
    package var log: @Sendable (Event) -> Void

    package init(
      offload: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool, resolve: @escaping @Sendable (String) -> Recipient?,
      clock: @escaping @Sendable () -> Int64, zone: @escaping @Sendable (Int64) -> Zone, log: @escaping @Sendable (Event) -> Void
    ) {
      self.offload = offload
      self.resolve = resolve
      self.clock = clock
      self.zone = zone
      self.log = log
    }
  }

  private let settings: Settings
  private let spool: Spool
  private let home: Spool
  private let means: Means

  /// `spool` has the messages that are reported on; reports go into `home`, which is another if that lane takes no new mail.
  package init(_ settings: Settings, spool: Spool, home: Spool? = nil, means: Means) {
    self.settings = settings
    self.spool = spool
    self.home = home ?? spool
    self.means = means
  }

  package func report(_ results: [RecipientResult], of message: QueuedMessage, done: @escaping @Sendable (Bool) -> Void) {
    let age = means.clock().subtractingReportingOverflow(message.envelope.arrival).partialValue
    let plan = ReportPlan(results, message.envelope, isWarned: message.isWarned, age: age, settings.rules)
    guard !plan.orders.isEmpty else {
      done(true)
      if plan.isDiscarded { logDiscarded(message) }
      return
    }
    let isTaken = means.offload { [self] in carryOut(plan.orders, results, message, done) }
    if !isTaken { done(!plan.orders.contains(where: \.isNeeded)) }
  }

  private func logDiscarded(_ message: QueuedMessage) {
    means.log(Event("bounce", .text("undeliverable postmaster notification discarded"), severity: .warning, queueID: message.id))
  }

  private func carryOut(
    _ orders: [ReportPlan.Order], _ results: [RecipientResult], _ message: QueuedMessage, _ done: @escaping @Sendable (Bool) -> Void
  ) {
    let returned = Returned(message, limit: settings.sizeLimit, wantsAll: orders.contains(where: \.returnsAll))
    let tally = Tally(orders.count) { [self] isStored, notices in
      if notices.contains(where: { $0.order.kind == .delay }) { spool.noteWarning(message.id) }
      done(isStored)
      for notice in notices { means.log(Event("bounce", .notice(notice.order.notice, report: "\(notice.id)"), queueID: message.id)) }
    }
    for order in orders { queue(order, results, message, returned.content(order.returnsAll), tally) }
  }

  private func queue(
    _ order: ReportPlan.Order, _ results: [RecipientResult], _ message: QueuedMessage, _ returned: ReturnedContent?, _ tally: Tally
  ) {
    let time = means.clock()
    let id = home.nextQueueID()
    let addressee = order.postmaster ?? message.envelope.sender
    guard let recipients = means.resolve(addressee).flatMap({ means.expand([$0]) }) else { return tally.ended(order, id, isStored: false) }
    let report = StatusReport(
      kind: order.kind, isForPostmaster: order.postmaster != nil, id: "\(id)", time: time, addressee: addressee,
      message: ReportedMessage(message, lifetime: message.envelope.sender.isEmpty ? settings.bounceLifetime : settings.lifetime),
      recipients: order.results.map { ReportedRecipient(results[$0], message.envelope) }, returned: returned)
    let written = settings.writer.write(report, means.zone(time))
    let envelope = Envelope(
      sender: order.postmaster == nil ? "" : settings.rules.doubleBounceSender, arrival: time, host: settings.hostname,
      recipients: recipients,
      body: written.isEightBit ? .eightBitMIME : .sevenBit, smtpUTF8: addressee.utf8.contains { $0 >= 0x80 })
    guard let content = stored(written.content, id) else { return tally.ended(order, id, isStored: false) }
    means.log(Event("cleanup", .messageID(written.messageID), queueID: id))
    home.submit(IncomingMessage(id: id, envelope: envelope, content: content)) { outcome in
      tally.ended(order, id, isStored: outcome == .committed)
    }
  }

  /// In memory, or in a file if it is big or there is no room.
  private func stored(_ content: [UInt8], _ id: QueueID) -> IncomingMessage.Content? {
    if content.count <= home.settings.bigMessageSize, home.memory.take(content.count) { return .memory([ContentChunk(content)]) }
    guard let file = try? home.makeBigFile(id) else { return nil }
    let isWritten = content.withUnsafeBytes { bytes in (try? file.write([bytes])) != nil }
    guard isWritten, let finished = try? file.finish() else {
      file.abandon()
      return nil
    }
    return .file(finished)
  }
}

/// What is attached of a message, read once for all reports on it.
private struct Returned {
  private var whole: ReturnedContent?
  private var header: ReturnedContent?

  init(_ message: QueuedMessage, limit: Int, wantsAll: Bool) {
    let isWhole = wantsAll && message.size <= Int64(limit)
    guard let bytes = Returned.read(message, atMost: isWhole ? .max : ReturnedContent.headerLimit) else { return }
    header = ReturnedContent(headerOf: bytes)
    if isWhole { whole = ReturnedContent(whole: bytes) }
  }

  func content(_ all: Bool) -> ReturnedContent? { all ? whole ?? header : header }

  /// Nil if the spool cannot read it.
  private static func read(_ message: QueuedMessage, atMost limit: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    do throws(SpoolError) {
      try message.forEachBlock { pieces throws(DiskError) in
        for piece in pieces { bytes.append(contentsOf: piece.prefix(max(0, limit - bytes.count))) }
        // Enough: any error ends the reading.
        if bytes.count >= limit { throw DiskError(code: DiskError.inputOutput, operation: "read the beginning") }
      }
      return bytes
    } catch {
      return bytes.count >= limit ? bytes : nil
    }
  }
}

/// Counts the reports of one attempt.
private final class Tally: Sendable {
  struct Notice: Sendable {
    let order: ReportPlan.Order
    let id: QueueID
  }

  private struct State {
    var left: Int
    var isStored = true
    var notices: [Notice] = []
  }

  private let state: Monitor<State>
  private let end: @Sendable (Bool, [Notice]) -> Void

  /// `end` is told, once, whether all that is needed is stored, and what is.
  init(_ count: Int, end: @escaping @Sendable (Bool, [Notice]) -> Void) {
    state = Monitor(State(left: count))
    self.end = end
  }

  func ended(_ order: ReportPlan.Order, _ id: QueueID, isStored: Bool) {
    let last = state.withLock { state -> State? in
      state.left -= 1
      if isStored { state.notices.append(Notice(order: order, id: id)) } else if order.isNeeded { state.isStored = false }
      return state.left == 0 ? state : nil
    }
    if let last { end(last.isStored, last.notices) }
  }
}

extension ReportedMessage {
  fileprivate init(_ message: QueuedMessage, lifetime: Int64) {
    let envelope = message.envelope
    self.init(
      queueID: "\(message.id)", sender: envelope.sender, arrival: envelope.arrival, envelopeID: envelope.envelopeID, smtpUTF8: envelope.smtpUTF8,
      retryUntil: envelope.arrival.addingReportingOverflow(lifetime).partialValue)
  }
}

extension ReportedRecipient {
  fileprivate init(_ result: RecipientResult, _ envelope: Envelope) {
    let recipient = envelope.recipients[result.index]
    let isVia = envelope.isProbe ? result.relay != "none" : result.outcome == .sent && !result.isExpansion
    let text = isVia ? "delivery via \(result.relay): \(result.reason.text)" : result.reason.text
    self.init(
      address: recipient.address, original: recipient.original, originalRecipient: recipient.originalRecipient,
      action: envelope.isProbe ? (result.outcome == .sent ? .deliverable : .undeliverable) : result.action,
      status: result.reason.status, reason: text, remote: result.remote.map(Remote.init) ?? Remote(ofTaken: result))
  }
}

extension ReportedRecipient.Remote {
  /// What a server said that took the message: the relay is `name[address]:port`, the reason its reply.
  fileprivate init?(ofTaken result: RecipientResult) {
    guard result.outcome == .sent, let end = result.relay.firstIndex(of: "["), end > result.relay.startIndex else { return nil }
    self.init(nameType: "dns", name: String(result.relay[..<end]), diagnosticType: "smtp", diagnostic: result.reason.text)
  }

  fileprivate init(_ answer: RemoteAnswer) {
    self.init(nameType: answer.nameType, name: answer.name, diagnosticType: answer.diagnosticType, diagnostic: answer.diagnostic)
  }
}

extension RecipientResult {
  /// RFC 3464 §2.3.3: `relayed` where a server took it that makes no promise of reports.
  fileprivate var action: ReportedRecipient.Action {
    switch outcome {
    case .bounced: .failed
    case .deferred: .delayed
    case .sent where isExpansion: .expanded
    case .sent: relay.contains("[") ? .relayed : .delivered
    }
  }

  /// `soft_bounce`: nothing fails for good.
  package var softened: RecipientResult {
    guard outcome == .bounced else { return self }
    var copy = self
    copy.outcome = .deferred
    copy.reason = reason.softened
    return copy
  }
}

extension Reason {
  /// Of a failure that its sender could not be told.
  var unreported: Reason { Reason(status: "4.3.0", text: "\(text); the report to the sender could not be queued") }

  package var softened: Reason { status.hasPrefix("5") ? Reason(status: "4\(status.dropFirst())", text: text) : self }
}
