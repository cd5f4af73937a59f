// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Queue
import Runtime
import Spool
import Testing

@testable import Delivery

/// A transport that does as the name of the destination says, and remembers what it was given.
private final class PlayedTransport: Transport {
  struct Given: Equatable {
    var id: QueueID
    var addresses: [String]
    var destination: String
  }

  let given = Monitor<[Given]>([])
  /// What each delivery takes.
  nonisolated(unsafe) var passesTime: @Sendable () -> Void = {}
  /// Jobs for `slow.example` wait for this.
  let gate = Monitor(false)

  func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    let addresses = job.recipients.map { job.message.envelope.recipients[$0.index].address }
    passesTime()
    given.withLock { $0.append(Given(id: job.message.id, addresses: addresses, destination: job.hop.destination)) }
    let name = job.hop.destination
    if name.hasPrefix("dead") {
      let reason = Reason(status: "4.4.1", text: "connect to \(name)[192.0.2.1]:25: Connection refused")
      return DeliveryResult(job.recipients.map { RecipientResult($0.index, .deferred, reason) }, site: .dead(reason))
    }
    if name.hasPrefix("silent") { return DeliveryResult([]) }
    return DeliveryResult(
      job.recipients.map { due in
        let address = job.message.envelope.recipients[due.index].address
        if address.hasPrefix("later") { return RecipientResult(due.index, .deferred, Reason(status: "4.2.1", text: "later"), relay: name) }
        if address.hasPrefix("never") { return RecipientResult(due.index, .bounced, Reason(status: "5.1.1", text: "never"), relay: name) }
        return RecipientResult(due.index, .sent, Reason(status: "2.0.0", text: "taken"), relay: name)
      })
  }

  var all: [Given] { given.withLock { $0 } }
}

/// Reports that are stored, or not.
private final class PlayedReports: SenderReports {
  let seen = Monitor<[RecipientResult]>([])
  let isStored: Bool
  init(isStored: Bool) { self.isStored = isStored }

  func report(_ results: [RecipientResult], of message: QueuedMessage, done: @escaping @Sendable (Bool) -> Void) {
    seen.withLock { $0 += results }
    done(isStored)
  }
}

private struct DomainRouter: Router {
  func route(_ recipient: Recipient, sender: String) -> Routing {
    let domain = String(recipient.address.split(separator: "@").last ?? "")
    if domain == "riddle.example" { return .deferred(Reason(status: "4.3.0", text: "a table is missing")) }
    let words = domain.split(separator: ":", maxSplits: 1)
    return .to(
      words.count == 2 ? NextHop(transport: String(words[0]), destination: String(words[1])) : NextHop(transport: "smtp", destination: domain))
  }
}

/// A spool, a scheduler on a loop, and a played transport.
private final class Yard {
  let folder = Folder()
  let clock = Monitor<Int64>(1_360_231_200_000_000)
  let log = Monitor<[DeliveryReport]>([])
  let transport = PlayedTransport()
  let spool: Spool
  let loop: EventLoop
  private let thread: Thread
  private let lane: SchedulerLane
  private let scheduler: Scheduler

  init(reports: PlayedReports = PlayedReports(isStored: true), _ change: (inout SchedulerSettings) -> Void = { _ in }) throws {
    folder.make("spool")
    let (clock, log) = (clock, log)
    var settings = SpoolSettings()
    settings.segmentSize = 8 << 20
    settings.noteDelay = .zero
    settings.ownRoutes = .mailboxes
    spool = try Spool(folder: "\(folder.path)/spool", disk: LinuxDisk(), settings: settings, clock: { clock.withLock { $0 } })
    try spool.start()
    let loop = try EventLoop()
    self.loop = loop
    thread = try Thread(name: "loop") { loop.run() }
    var table = TransportTable()
    table.add("smtp", transport, service: "smtp")
    var schedulerSettings = SchedulerSettings()
    change(&schedulerSettings)
    scheduler = Scheduler(
      on: loop, schedulerSettings, transports: table, router: DomainRouter(), clock: { clock.withLock { $0 } },
      report: { report in log.withLock { $0.append(report) } })
    lane = try scheduler.add(spool, number: 0, worker: 1, mailboxes: nil, senders: reports)
  }

  func end() {
    #expect(scheduler.remove(lane, patience: .seconds(5)))
    loop.stop()
    thread.join()
    spool.stop()
  }

  @discardableResult
  func accept(_ addresses: String..., sender: String = "carl@example.net", isProbe: Bool = false) -> QueueID {
    let id = spool.nextQueueID()
    let bytes = Array("Subject: x\n\ny\n".utf8)
    _ = spool.memory.take(bytes.count)
    var envelope = Envelope(
      sender: sender, arrival: clock.withLock { $0 }, host: "vm", recipients: addresses.map { Recipient(address: $0, original: $0, route: .remote) })
    envelope.isProbe = isProbe
    let outcome = Monitor<CommitOutcome?>(nil)
    spool.submit(IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(bytes)]))) { result in
      outcome.withLock { $0 = result }
      outcome.signal()
    }
    #expect(outcome.wait { $0 } == .committed)
    return id
  }

  /// Once the log has so many lines of deliveries.
  func lines(_ count: Int) -> [DeliveryReport] {
    for _ in 0..<2000 where log.withLock({ $0.count }) < count { Thread.sleep(.milliseconds(5)) }
    return log.withLock { $0 }
  }

  func state(_ id: QueueID, _ recipient: Int = 0) -> RecipientState? { ((try? spool.show(id)) ?? nil)?.recipients[recipient].state }

  func becomes(_ isSo: () -> Bool) -> Bool {
    for _ in 0..<2000 where !isSo() { Thread.sleep(.milliseconds(5)) }
    return isSo()
  }
}

@Suite struct SchedulerTests {
  @Test func oneDeliveryForEachNextHop() throws {
    let yard = try Yard()
    defer { yard.end() }
    let id = yard.accept("a@one.example", "b@two.example", "c@one.example")
    let lines = yard.lines(3)
    #expect(lines.map(\.status) == [.sent, .sent, .sent])
    #expect(Set(lines.map(\.relay)) == ["one.example", "two.example"])
    #expect(yard.transport.all.contains(.init(id: id, addresses: ["a@one.example", "c@one.example"], destination: "one.example")))
    #expect(yard.transport.all.count == 2)
    #expect(yard.becomes { yard.spool.isEmpty })
  }

  @Test func eachRecipientHasItsOwnFate() throws {
    let reports = PlayedReports(isStored: true)
    let yard = try Yard(reports: reports)
    defer { yard.end() }
    let id = yard.accept("a@one.example", "later@one.example", "never@one.example")
    #expect(yard.lines(3).map(\.status) == [.sent, .deferred, .bounced])
    #expect(yard.becomes { yard.state(id, 2) == .failed(Reason(status: "5.1.1", text: "never")) })
    let until: Int64 = 1_360_231_200_000_000 + 300_000_000
    #expect(yard.state(id) == .relayed)
    #expect(yard.state(id, 1) == .deferred(Deferral(until: until, reason: Reason(status: "4.2.1", text: "later"))))
    #expect(reports.seen.withLock { $0.map(\.index) } == [1, 2])
    yard.clock.withLock { $0 = until }
    _ = try yard.spool.release(id)
    #expect(yard.lines(4).last?.recipient == "later@one.example")
    #expect(yard.transport.all.last?.addresses == ["later@one.example"])
  }

  /// However long each of its deliveries took, a message is tried again as one.
  @Test func whoWasPutOffInOneAttemptIsTriedAgainTogether() throws {
    let yard = try Yard()
    defer { yard.end() }
    yard.transport.passesTime = { [clock = yard.clock] in clock.withLock { $0 += 7_000 } }
    let id = yard.accept("later@one.example", "later@two.example", "later@three.example")
    _ = yard.lines(3)
    func until(_ recipient: Int) -> Int64? { if case .deferred(let deferral)? = yard.state(id, recipient) { deferral.until } else { nil } }
    #expect(yard.becomes { (0..<3).allSatisfy { until($0) == 1_360_231_200_000_000 + 300_000_000 + 3 * 7_000 } })
  }

  @Test func aProbeIsNotDeliveredAndNeverWaits() throws {
    let reports = PlayedReports(isStored: true)
    let yard = try Yard(reports: reports)
    defer { yard.end() }
    yard.accept("a@one.example", "b@retry:4.2.0 not now", isProbe: true)
    let lines = yard.lines(2).sorted { $0.recipient < $1.recipient }
    #expect(lines.map(\.status) == [.deliverable, .undeliverable])
    #expect(lines.map(\.text) == ["delivers to smtp", "not now"])
    #expect(yard.becomes { yard.spool.isEmpty })
    #expect(yard.transport.all.isEmpty)
    #expect(reports.seen.withLock { $0.map(\.outcome.rawValue).sorted() } == ["deferred", "sent"])
  }

  @Test func aFailureThatNobodyCanBeToldOfIsNotFinal() throws {
    let yard = try Yard(reports: PlayedReports(isStored: false))
    defer { yard.end() }
    let id = yard.accept("never@one.example")
    #expect(yard.lines(1).map(\.status) == [.bounced])
    #expect(yard.becomes { if case .deferred? = yard.state(id) { true } else { false } })
  }

  @Test func whatCannotBeTriedIsPutOff() throws {
    let yard = try Yard { $0.deferredTransports = ["uucp"] }
    defer { yard.end() }
    yard.accept("a@riddle.example", "b@nothing:host", "c@uucp:host", "d@silent.example")
    let lines = yard.lines(4)
    #expect(lines.allSatisfy { $0.status == .deferred && $0.relay == "none" })
    #expect(
      Set(lines.map(\.text)) == [
        "a table is missing", "mail transport unavailable", "deferred transport", "unknown mail transport error",
      ])
  }

  @Test func errorAndDiscardNeedNoServer() throws {
    let yard = try Yard()
    defer { yard.end() }
    yard.accept("a@error:5.7.1 go away", "b@discard:silently", "c@retry:4.2.0 not now", "d@error:no status")
    let lines = yard.lines(4).sorted { $0.recipient < $1.recipient }
    #expect(lines.map(\.dsn) == ["5.7.1", "2.0.0", "4.2.0", "5.0.0"])
    #expect(lines.map(\.text) == ["go away", "silently", "not now", "no status"])
    #expect(lines.map { "\($0.service.name)" } == ["error", "discard", "error", "error"])
  }

  @Test func mailForADeadDestinationIsPutOffAtOnce() throws {
    let yard = try Yard()
    defer { yard.end() }
    for _ in 0..<5 { yard.accept("a@dead.example") }
    _ = yard.lines(5)
    let last = yard.accept("a@dead.example")
    let lines = yard.lines(6)
    #expect(lines.last?.text == "delivery temporarily suspended: connect to dead.example[192.0.2.1]:25: Connection refused")
    #expect(lines.last?.dsn == "4.4.1")
    #expect(!yard.transport.all.contains { $0.id == last })
  }

  @Test func tooOldIsUndeliverable() throws {
    let reports = PlayedReports(isStored: true)
    let yard = try Yard(reports: reports) { $0.lifetime = 0 }
    defer { yard.end() }
    yard.accept("later@one.example")
    #expect(yard.lines(1).map(\.status) == [.deferred])
    #expect(yard.becomes { yard.spool.isEmpty })
    #expect(reports.seen.withLock { $0.map(\.outcome) } == [.bounced])
  }

  @Test func manyRecipientsGoInParts() throws {
    let yard = try Yard { settings in
      settings.limits = { _ in
        var limits = TransportLimits()
        limits.recipientLimit = 2
        return limits
      }
    }
    defer { yard.end() }
    yard.accept("a@one.example", "b@one.example", "c@one.example", "d@one.example", "e@one.example")
    _ = yard.lines(5)
    #expect(yard.transport.all.map(\.addresses.count).sorted() == [1, 2, 2])
    #expect(yard.becomes { yard.spool.isEmpty })
  }

  @Test func aBigMailingDoesNotStandInTheWay() throws {
    let yard = try Yard { $0.activeLimit = 20 }
    defer { yard.end() }
    for number in 0..<200 { yard.accept("a\(number)@one.example") }
    #expect(yard.lines(200).count == 200)
    #expect(yard.becomes { yard.spool.isEmpty })
  }
}
