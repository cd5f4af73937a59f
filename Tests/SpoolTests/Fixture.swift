// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Queue
import Runtime
import Synchronization

@testable import Spool

/// A clock that tests set.
final class ManualTime: Sendable {
  private let value: Atomic<Int64>
  init(_ start: Int64 = 1_700_000_000_000_000) { value = Atomic(start) }
  var now: Int64 { value.load(ordering: .relaxed) }
  func advance(seconds: Int64) { value.add(seconds * 1_000_000, ordering: .relaxed) }
}

/// What a spool reported and answered, in order.
final class Witness: Sendable {
  let events = Monitor<[SpoolEvent]>([])
  let outcomes = Monitor<[QueueID: CommitOutcome]>([:])

  func outcome(_ id: QueueID) -> CommitOutcome? { outcomes.withLock { $0[id] } }
  /// But for the life of each message.
  var reported: [SpoolEvent] {
    events.withLock { events in
      events.filter { event in
        switch event {
        case .active, .removed: false
        default: true
        }
      }
    }
  }
}

extension SpoolSettings {
  /// Small enough that a test fills segments quickly.
  static var small: SpoolSettings {
    var settings = SpoolSettings()
    settings.segmentSize = 48 << 10
    settings.bigMessageSize = 4 << 10
    settings.spareSegments = 1
    return settings
  }
}

func makeSpool(
  _ disk: any Disk, _ time: ManualTime = ManualTime(), _ witness: Witness = Witness(), settings: SpoolSettings = .small
) throws -> Spool {
  try Spool(
    folder: "lane", disk: disk, settings: settings, clock: { time.now },
    report: { event in witness.events.withLock { $0.append(event) } })
}

/// A spool that was opened for writing.
func openSpool(
  _ disk: any Disk, _ time: ManualTime = ManualTime(), _ witness: Witness = Witness(), settings: SpoolSettings = .small
) throws -> Spool {
  let spool = try makeSpool(disk, time, witness, settings: settings)
  spool.begin()
  return spool
}

func testEnvelope(to recipients: [String] = ["a@example.com"], arrival: Int64 = 1_700_000_000_000_000) -> Envelope {
  Envelope(
    sender: "from@example.org", arrival: arrival, host: "mx.example.com",
    recipients: recipients.map { Recipient(address: $0, original: $0, route: .virtual) })
}

/// Text of the wanted length that differs for each `number`.
func text(_ number: Int, count: Int = 300) -> [UInt8] {
  Array("Subject: number \(number)\n\n".utf8) + (0..<count).map { UInt8(ascii: "a") + UInt8(($0 * 7 + number) % 26) } + [10]
}

extension Spool {
  /// Hands a message in; the outcome comes with `runOnce`.
  @discardableResult
  func put(_ content: [UInt8], to recipients: [String] = ["a@example.com"], _ witness: Witness) -> QueueID {
    let id = nextQueueID()
    let message = IncomingMessage(id: id, envelope: testEnvelope(to: recipients, arrival: clock()), content: .memory([ContentChunk(content)]))
    submit(message) { outcome in witness.outcomes.withLock { $0[id] = outcome } }
    return id
  }

  func putFile(_ content: [UInt8], _ witness: Witness) throws -> QueueID {
    let id = nextQueueID()
    let file = try makeBigFile(id)
    try content.withPieces { (pieces) throws(DiskError) in try file.write(pieces) }
    let message = IncomingMessage(id: id, envelope: testEnvelope(arrival: clock()), content: .file(try file.finish()))
    submit(message) { outcome in witness.outcomes.withLock { $0[id] = outcome } }
    return id
  }

  func run() { while runOnce() {} }

  /// The content as delivery would read it.
  func read(_ message: QueuedMessage) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try message.forEachBlock { pieces in for piece in pieces { bytes += Array(piece) } }
    return bytes
  }

  func content(_ id: QueueID) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    return try withContent(id) { pieces in for piece in pieces { bytes += Array(piece) } } ? bytes : nil
  }

  /// Delivers everything that is ready, as another server would take it.
  @discardableResult
  func relayAll() throws -> [QueueID] {
    var ids: [QueueID] = []
    while true {
      let messages = takeReadyNow(worker: 0, max: 16)
      if messages.isEmpty { return ids }
      for message in messages {
        ids.append(message.id)
        for recipient in message.due { note(message.id, recipient: recipient.index, .relayed) }
        attemptEnded(message.id)
      }
      run()
    }
  }
}
