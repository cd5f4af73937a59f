// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Queue

private let envelope = Envelope(
  sender: "s@example.org", arrival: 1_700_000_000_000_001, host: "mx.example.com",
  recipients: [
    Recipient(address: "a@example.com", original: "a@example.com", route: .virtual),
    Recipient(
      address: "b@example.com", original: "Alias@example.com", route: .remote, notify: [.failure, .delay], originalRecipient: "rfc822;x"),
    Recipient(address: "ü@example.com", original: "ü@example.com", route: .local),
  ], body: .eightBitMIME, smtpUTF8: true, envelopeID: "QQ314159", returnContent: .headers)

private let states: [RecipientState] = [
  .delivered(Delivered(path: "/m/a", name: "1.M2Q3R0.h", length: 77, crc: 5, boot: Boot(high: 1, low: 2))),
  .deferred(Deferral(until: 99, reason: Reason(status: "4.2.2", text: "mailbox full"))),
  .held(Reason(status: "4.3.0", text: "ü")),
]

private let everyState: [RecipientState] =
  states + [.waiting, .stable, .relayed, .failed(Reason(status: "5.1.1", text: ""))]

/// One record of each kind behind a batch head, sealed for its place.
private func sample(generation: UInt64 = 7, offset: Int = 8192) -> [UInt8] {
  var writer = RecordWriter()
  BatchHead(sequence: 3, mark: QueueID(rawValue: 512), boot: Boot(high: 8, low: 9), isLast: true).write(to: &writer)
  let message = MessageRecord(
    id: QueueID(rawValue: 300), place: ContentPlace(isFile: false, offset: 0, length: 20, crc: 4),
    progress: Progress(nextAttempt: 42, crashes: 1, states: states), envelope: envelope)
  let position = message.write(to: &writer)
  for (index, state) in everyState.enumerated() { NoteRecord.state(QueueID(rawValue: 300), recipient: index, state).write(to: &writer) }
  NoteRecord.snapshot(QueueID(rawValue: 300), Progress(nextAttempt: Progress.asked, states: states)).write(to: &writer)
  NoteRecord.finished([QueueID(rawValue: 1), QueueID(rawValue: .max)]).write(to: &writer)
  NoteRecord.void([]).write(to: &writer)
  MessageRecord.setContentOffset(&writer, at: position, to: offset + writer.bytes.count)
  BatchHead.setLengths(&writer, metadata: writer.bytes.count, total: writer.bytes.count + 20)
  writer.seal(generation: generation, offset: offset)
  return writer.bytes
}

private func frames(_ bytes: [UInt8], generation: UInt64 = 7, offset: Int = 8192) -> [(frame: RecordFrame, position: Int)] {
  bytes.withUnsafeBytes { bytes in
    var found: [(RecordFrame, Int)] = []
    var position = 0
    while let frame = RecordFrame(bytes, at: position, base: offset, generation: generation) {
      found.append((frame, position))
      position += frame.length
    }
    return found
  }
}

@Suite struct RecordTests {
  private var client: MailClient {
    var client = MailClient()
    (client.name, client.address, client.port) = ("mail.client.test", "192.0.2.5", "4711")
    (client.helo, client.protocolName, client.saslMethod, client.saslUsername) = ("client", "ESMTP", "XCLIENT", "fred")
    return client
  }

  /// The client of a message, where it is kept, beside other marks.
  @Test(arguments: [false, true], [false, true]) func client(isWarned: Bool, isLocal: Bool) throws {
    var envelope = envelope
    envelope.client = client
    envelope.client?.isLocal = isLocal
    var writer = RecordWriter()
    _ = MessageRecord(
      id: QueueID(rawValue: 300), place: ContentPlace(isFile: true, offset: 0, length: 20, crc: 4),
      progress: Progress(nextAttempt: 42, crashes: 1, states: states, isWarned: isWarned), envelope: envelope
    ).write(to: &writer)
    writer.seal(generation: 7, offset: 0)
    try writer.bytes.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      let record = try #require(MessageRecord(frame, bytes, at: 0))
      #expect(record.envelope == envelope)
      #expect(record.progress.isWarned == isWarned)
    }
  }

  /// A probe is the scheduler's, whoever its recipients are.
  @Test func probe() throws {
    var envelope = envelope
    envelope.isProbe = true
    var writer = RecordWriter()
    _ = MessageRecord(
      id: QueueID(rawValue: 300), place: ContentPlace(isFile: true, offset: 0, length: 20, crc: 4), progress: Progress(), envelope: envelope
    ).write(to: &writer)
    writer.seal(generation: 7, offset: 0)
    try writer.bytes.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      #expect(try #require(MessageRecord(frame, bytes, at: 0)).envelope == envelope)
      #expect(try #require(RecordSummary(frame, bytes, at: 0)).routes == .filtered)
    }
  }

  /// Records from before there was one form of it.
  @Test func clientOfAnEarlierRelease() {
    var writer = RecordWriter()
    for text in ["client.test", "IPv6:2001:db8::1", "25", "a b", "ESMTP"] { writer.put(text) }
    writer.put(UInt8(1))
    let read = writer.bytes.withUnsafeBytes { bytes -> MailClient? in
      var cursor = ByteCursor(bytes)
      return cursor.origin()
    }
    #expect(read?.address == "2001:db8::1")
    #expect(read?.protocolName == "ESMTP")
    #expect(read?.isLocal == true)
    #expect(read?.saslMethod == "")
  }

  /// What a recovery learns of a message without reading it whole: the client is not taken for marks.
  @Test(arguments: ["", "smtp:[127.0.0.1]:10025"]) func summaryBesideAClient(filter: String) throws {
    var envelope = envelope
    envelope.client = client
    envelope.contentFilter = filter
    var writer = RecordWriter()
    _ = MessageRecord(
      id: QueueID(rawValue: 300), place: ContentPlace(isFile: true, offset: 0, length: 20, crc: 4),
      progress: Progress(nextAttempt: 42, crashes: 1, states: states), envelope: envelope
    ).write(to: &writer)
    writer.seal(generation: 7, offset: 0)
    try writer.bytes.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      #expect(try #require(MessageRecord(frame, bytes, at: 0)).envelope == envelope)
      #expect(try #require(RecordSummary(frame, bytes, at: 0)).routes == envelope.routes)
    }
    #expect(Envelope(encoded: envelope.encoded)?.client == envelope.client)
  }

  /// A mark stands at the end, and where there is none, nothing does: that is how records were before there were marks.
  @Test(arguments: [false, true]) func marks(isWarned: Bool) throws {
    func written(_ isWarned: Bool) -> (message: [UInt8], snapshot: [UInt8]) {
      var (first, second) = (RecordWriter(), RecordWriter())
      let progress = Progress(nextAttempt: 42, crashes: 1, states: states, isWarned: isWarned)
      _ = MessageRecord(
        id: QueueID(rawValue: 300), place: ContentPlace(isFile: true, offset: 0, length: 20, crc: 4), progress: progress, envelope: envelope
      ).write(to: &first)
      progress.writeSnapshot(of: QueueID(rawValue: 300), to: &second)
      first.seal(generation: 7, offset: 0)
      second.seal(generation: 7, offset: 0)
      return (first.bytes, second.bytes)
    }
    let records = written(isWarned)
    try records.message.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      #expect(MessageRecord(frame, bytes, at: 0)?.progress.isWarned == isWarned)
      #expect(MessageRecord(frame, bytes, at: 0)?.envelope == envelope)
    }
    try records.snapshot.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      #expect(Progress(frame, bytes, at: 0)?.isWarned == isWarned)
      #expect(Progress(frame, bytes, at: 0)?.states == states)
    }
  }

  /// The content filter stands behind the marks, and sends all recipients the same way.
  @Test(arguments: [false, true]) func aContentFilter(isWarned: Bool) throws {
    var filtered = envelope
    filtered.contentFilter = "smtp:[127.0.0.1]:10025"
    let record = MessageRecord(
      id: QueueID(rawValue: 300), place: ContentPlace(isFile: true, offset: 0, length: 20, crc: 4),
      progress: Progress(nextAttempt: 42, crashes: 1, states: states, isWarned: isWarned), envelope: filtered)
    var writer = RecordWriter()
    _ = record.write(to: &writer)
    writer.seal(generation: 7, offset: 0)
    try writer.bytes.withUnsafeBytes { bytes in
      let frame = try #require(RecordFrame(bytes, at: 0, base: 0, generation: 7))
      #expect(MessageRecord(frame, bytes, at: 0) == record)
      #expect(RecordSummary(frame, bytes, at: 0)?.routes == Recipient.Routes(.remote))
      #expect(filtered.routes == Recipient.Routes(.remote))
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    let bytes = sample()
    let found = frames(bytes)
    #expect(found.map(\.frame.kind) == [.batch, .message] + everyState.map { _ in .note } + [.snapshot, .finished, .void])
    try bytes.withUnsafeBytes { raw in
      let head = try #require(BatchHead(found[0].frame, raw, at: 0))
      #expect(head.sequence == 3 && head.mark.rawValue == 512 && head.boot == Boot(high: 8, low: 9) && head.isLast)
      #expect(head.metadataLength == bytes.count && head.length == bytes.count + 20)
      let message = try #require(MessageRecord(found[1].frame, raw, at: found[1].position))
      #expect(message.envelope == envelope)
      #expect(message.progress == Progress(nextAttempt: 42, crashes: 1, states: states))
      #expect(message.place == ContentPlace(isFile: false, offset: 8192 + bytes.count, length: 20, crc: 4))
      let summary = try #require(RecordSummary(found[1].frame, raw, at: found[1].position))
      #expect(summary == RecordSummary(place: message.place, nextAttempt: 42, crashes: 1, routes: message.envelope.routes))
      let notes = found.dropFirst(2).compactMap { NoteRecord($0.frame, raw, at: $0.position) }
      #expect(notes.prefix(everyState.count).elementsEqual(everyState.indices.map { .state(QueueID(rawValue: 300), recipient: $0, everyState[$0]) }))
      #expect(notes.suffix(2) == [.finished([QueueID(rawValue: 1), QueueID(rawValue: .max)]), .void([])])
    }
  }

  @Test func aRecordCountsOnlyAtItsPlaceAndInItsGeneration() {
    let bytes = sample()
    #expect(frames(bytes, generation: 8).isEmpty)
    #expect(frames(bytes, offset: 8200).isEmpty)
    #expect(!frames(bytes).isEmpty)
  }

  @Test func everyFlippedBitIsSeen() {
    let bytes = sample()
    let whole = frames(bytes).map(\.frame)
    for index in bytes.indices {
      var harmed = bytes
      harmed[index] ^= 1 << (index % 8)
      #expect(frames(harmed).map(\.frame) != whole, "byte \(index)")
    }
  }

  @Test func everyCutEndsTheRecords() {
    let bytes = sample()
    let count = frames(bytes).count
    for length in 0..<bytes.count { #expect(frames(Array(bytes[..<length])).count < count) }
  }

  /// Even with a CRC that is right, no field is believed beyond the bytes that are there.
  @Test func lengthsBeyondTheRecordAreRefused() {
    for position in stride(from: 0, to: sample().count, by: 4) {
      for value in [UInt32.max, 0x7FFF_FFFF, 0xFFFF, 1] {
        var writer = RecordWriter(resealing: sample())
        writer.store(value, at: position)
        writer.seal(generation: 7, offset: 8192)
        decodeAll(writer.bytes)
      }
    }
  }

  private func decodeAll(_ bytes: [UInt8]) {
    for (frame, position) in frames(bytes) {
      bytes.withUnsafeBytes { raw in
        _ = BatchHead(frame, raw, at: position)
        _ = MessageRecord(frame, raw, at: position)
        _ = RecordSummary(frame, raw, at: position)
        _ = NoteRecord(frame, raw, at: position)
      }
    }
  }

  @Test func aMessageWithStatesForOtherRecipientsIsNone() throws {
    var writer = RecordWriter()
    let message = MessageRecord(
      id: QueueID(rawValue: 1), place: ContentPlace(isFile: true, offset: 0, length: 1, crc: 0),
      progress: Progress(states: [.waiting]), envelope: envelope)
    _ = message.write(to: &writer)
    writer.seal(generation: 1, offset: 0)
    writer.bytes.withUnsafeBytes { raw in
      let frame = RecordFrame(raw, at: 0, base: 0, generation: 1)
      #expect(frame != nil)
      #expect(frame.flatMap { MessageRecord($0, raw, at: 0) } == nil)
    }
  }
}

@Suite struct SegmentHeaderTests {
  private let header = SegmentHeader(generation: 0x1234, isEmpty: false, mark: QueueID(rawValue: 99))

  @Test func whatIsWrittenIsRead() throws {
    #expect(header.bytes().count == SegmentHeader.size)
    #expect(try SegmentHeader(header.bytes()) == header)
  }

  @Test func zerosAreBlank() {
    #expect(throws: SegmentHeader.ReadFailure.blank) { try SegmentHeader([UInt8](repeating: 0, count: 64)) }
    #expect(throws: SegmentHeader.ReadFailure.blank) { try SegmentHeader([]) }
  }

  @Test func everyFlippedBitIsSeen() {
    for bit in 0..<(SegmentHeader.size * 8) {
      var bytes = header.bytes()
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: SegmentHeader.ReadFailure.damaged) { try SegmentHeader(bytes) }
    }
  }
}
