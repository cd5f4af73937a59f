// SPDX-License-Identifier: Apache-2.0

/// A message as a segment keeps it: where its content is, when it is to be tried, its envelope and what became of each recipient.
package struct MessageRecord: Equatable, Sendable {
  package var id: QueueID
  package var place: ContentPlace
  package var progress: Progress
  package var envelope: Envelope

  package init(id: QueueID, place: ContentPlace, progress: Progress, envelope: Envelope) {
    self.id = id
    self.place = place
    self.progress = progress
    self.envelope = envelope
  }
}

/// Where a content is and how to know it unharmed.
package struct ContentPlace: Equatable, Sendable {
  /// In a file of its own, or behind the records of its batch.
  package var isFile: Bool
  /// From the start of the segment; 0 in a file.
  package var offset: Int
  package var length: Int64
  package var crc: UInt32

  package init(isFile: Bool, offset: Int, length: Int64, crc: UInt32) {
    self.isFile = isFile
    self.offset = offset
    self.length = length
    self.crc = crc
  }
}

/// How far a message has come.
package struct Progress: Equatable, Sendable {
  /// Not to be tried before, in microseconds since 1970; `asked` when it waits for a person.
  package var nextAttempt: Int64
  /// How often its process died while it was being delivered.
  package var crashes: UInt8
  /// One for each recipient, or none when all are waiting.
  package var states: [RecipientState]
  /// The sender was told that it waits.
  package var isWarned: Bool

  package init(nextAttempt: Int64 = 0, crashes: UInt8 = 0, states: [RecipientState] = [], isWarned: Bool = false) {
    self.nextAttempt = nextAttempt
    self.crashes = crashes
    self.states = states
    self.isWarned = isWarned
  }

  package static let asked = Int64.max
}

/// What a scan needs of a message or a snapshot without reading its strings.
package struct RecordSummary: Equatable, Sendable {
  package var place: ContentPlace?
  package var nextAttempt: Int64
  package var crashes: UInt8
  /// Of a message's recipients.
  package var routes: Recipient.Routes = []
}

extension MessageRecord {
  /// Appends the record; answers the position of its content's offset, for `setContentOffset`.
  package func write(to writer: inout RecordWriter) -> Int {
    let position = writer.bytes.count + recordHeadSize
    writer.record(.message, id: id.rawValue) { payload in
      payload.put(UInt64(place.offset))
      payload.put(place.length)
      payload.put(place.crc)
      payload.put(UInt32(place.isFile ? 1 : 0))
      payload.put(progress)
      payload.put(envelope)
      payload.putMarks(progress, envelope)
    }
    return position
  }

  package static func setContentOffset(_ writer: inout RecordWriter, at position: Int, to offset: Int) {
    writer.store(UInt64(offset), at: position)
  }

  package init?(_ frame: RecordFrame, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard frame.kind == .message else { return nil }
    var payload = frame.payload(bytes, at: position)
    guard let place = payload.place(), var progress = payload.progress(), var envelope = payload.envelope() else { return nil }
    guard progress.states.isEmpty || progress.states.count == envelope.recipients.count else { return nil }
    let marks = payload.readMarks(of: &progress)
    envelope.isProbe = marks & Mark.probe != 0
    if marks & Mark.filter != 0 {
      guard let filter = payload.string() else { return nil }
      envelope.contentFilter = filter
    }
    if marks & Mark.origin != 0 {
      guard let origin = payload.origin() else { return nil }
      envelope.client = origin
    }
    if marks & Mark.client != 0 {
      guard let client = payload.client() else { return nil }
      envelope.client = client
      envelope.client?.isLocal = marks & Mark.localClient != 0
    }
    self.init(id: QueueID(rawValue: frame.id), place: place, progress: progress, envelope: envelope)
  }
}

extension Progress {
  /// Appends a record that replaces everything known of the recipients before it.
  package func writeSnapshot(of id: QueueID, to writer: inout RecordWriter) {
    writer.record(.snapshot, id: id.rawValue) { payload in
      payload.put(self)
      payload.putMarks(self)
    }
  }

  package init?(_ frame: RecordFrame, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard frame.kind == .snapshot else { return nil }
    var payload = frame.payload(bytes, at: position)
    guard var progress = payload.progress() else { return nil }
    _ = payload.readMarks(of: &progress)
    self = progress
  }
}

extension RecordSummary {
  package init?(_ frame: RecordFrame, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    var payload = frame.payload(bytes, at: position)
    switch frame.kind {
    case .message:
      guard let place = payload.place() else { return nil }
      self.place = place
    case .snapshot: place = nil
    default: return nil
    }
    guard let next = payload.integer(Int64.self), let crashes = payload.integer(UInt8.self) else { return nil }
    nextAttempt = next
    self.crashes = crashes
    guard frame.kind == .message else { return }
    guard payload.skipStates(), let routes = payload.routes() else { return nil }
    self.routes = (payload.integer(UInt8.self) ?? 0) & (Mark.filter | Mark.probe) == 0 ? routes : .filtered
  }
}

extension RecordWriter {
  fileprivate mutating func put(_ progress: Progress) {
    put(progress.nextAttempt)
    put(progress.crashes)
    put(progress.states)
  }

  /// Marks came later than the format: they stand at the end, where an older release does not look, and none are written where there are none.
  fileprivate mutating func putMarks(_ progress: Progress, _ envelope: Envelope? = nil) {
    let filter = envelope?.contentFilter ?? ""
    let marks =
      (progress.isWarned ? Mark.warned : 0) | (filter.isEmpty ? 0 : Mark.filter) | (envelope?.client == nil ? 0 : Mark.client)
      | (envelope?.client?.isLocal == true ? Mark.localClient : 0) | (envelope?.isProbe == true ? Mark.probe : 0)
    if marks != 0 { put(marks) }
    if !filter.isEmpty { put(filter) }
    if let client = envelope?.client { put(client) }
  }
}

private enum Mark {
  static let warned: UInt8 = 1
  /// The content filter follows.
  static let filter: UInt8 = 2
  /// What the next server is told of the client follows. Read only: `client` has it since.
  static let origin: UInt8 = 4
  /// The client follows.
  static let client: UInt8 = 8
  /// That client is of this host.
  static let localClient: UInt8 = 16
  static let probe: UInt8 = 32
}

extension ByteCursor {
  fileprivate mutating func place() -> ContentPlace? {
    guard let offset = integer(UInt64.self).flatMap(Int.init(exactly:)), let length = integer(Int64.self), length >= 0,
      let crc = integer(UInt32.self), let flags = integer(UInt32.self), flags <= 1
    else { return nil }
    return ContentPlace(isFile: flags == 1, offset: offset, length: length, crc: crc)
  }

  fileprivate mutating func progress() -> Progress? {
    guard let next = integer(Int64.self), let crashes = integer(UInt8.self), let states = states() else { return nil }
    return Progress(nextAttempt: next, crashes: crashes, states: states)
  }

  fileprivate mutating func readMarks(of progress: inout Progress) -> UInt8 {
    let marks = integer(UInt8.self) ?? 0
    progress.isWarned = marks & Mark.warned != 0
    return marks
  }
}
