// SPDX-License-Identifier: Apache-2.0

/// What comes from a worker. It is held for hostile: whoever reads one of these checks numbers, rights and order.
package enum WorkerFrame: Equatable, Sendable {
  // On the control socket.
  case loaded(PluginFacts)
  case refused(String)
  /// create() has been called; what the instance wants.
  case ready(StageEvents)
  /// A line for the log.
  case log(level: UInt32, String, queueID: String?)
  /// What the component counted since the last such frame.
  case counted(stale: UInt64, denied: UInt64, metrics: [Metric])
  /// The sandbox lacks something, in words.
  case unprotected(String)

  // On the connection of a loop.
  /// A piece of a StageOutcome that is too long for one frame.
  case piece(call: UInt64, [UInt8])
  /// The StageOutcome, or the last piece of it.
  case outcome(call: UInt64, [UInt8])
  /// on_event has returned WEIR_PENDING.
  case pending(call: UInt64)
  case request(number: UInt64, session: UInt64, Work)
  /// Asked for by a callback while nothing was asked of the component.
  case late(session: UInt64, [StageEdit], misbehaved: Bool)

  package enum Work: Equatable, Sendable {
    case names(String, type: UInt32)
    case lookUp(table: String, key: [UInt8])
  }

  package struct Metric: Equatable, Sendable {
    package let name: String
    package let help: String
    package let kind: UInt32
    package let value: Double

    package init(name: String, help: String, kind: UInt32, value: Double) {
      self.name = name
      self.help = help
      self.kind = kind
      self.value = value
    }
  }

  package static let maximumSize = 160 * 1024
  /// So much of an outcome goes into one frame.
  package static let maximumPiece = 60 * 1024
  /// So long may an outcome be: the edits of a message, with a new body.
  package static let maximumOutcome = 160 << 20
  private static let maximumMetrics = 256
  private static let maximumText = 16 * 1024
}

extension WorkerFrame {
  package var encoded: [UInt8] {
    var writer = FrameWriter()
    switch self {
    case .loaded(let facts):
      writer.byte(1)
      facts.write(to: &writer)
    case .refused(let reason):
      writer.byte(2)
      writer.text(reason)
    case .ready(let events):
      writer.byte(3)
      writer.number(events.rawValue)
    case .log(let level, let text, let queueID):
      writer.byte(4)
      writer.number(level)
      writer.text(text)
      writer.optional(queueID) { $0.text($1) }
    case .counted(let stale, let denied, let metrics):
      writer.byte(5)
      writer.number(stale)
      writer.number(denied)
      writer.list(metrics) { $1.write(to: &$0) }
    case .unprotected(let reason):
      writer.byte(6)
      writer.text(reason)
    case .piece(let call, let bytes):
      writer.byte(7)
      writer.number(call)
      writer.data(bytes)
    case .outcome(let call, let bytes):
      writer.byte(8)
      writer.number(call)
      writer.data(bytes)
    case .pending(let call):
      writer.byte(9)
      writer.number(call)
    case .request(let number, let session, let work):
      writer.byte(10)
      writer.number(number)
      writer.number(session)
      work.write(to: &writer)
    case .late(let session, let edits, let misbehaved):
      writer.byte(11)
      writer.number(session)
      writer.list(edits) { $1.write(to: &$0) }
      writer.flag(misbehaved)
    }
    return writer.bytes
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
    var reader = FrameReader(bytes)
    switch try reader.byte() {
    case 1: self = .loaded(try PluginFacts(from: &reader))
    case 2: self = .refused(try Self.words(&reader))
    case 3: self = .ready(StageEvents(rawValue: try reader.number()).intersection(.all))
    case 4:
      self = .log(
        level: try reader.number(), try Self.words(&reader), queueID: try reader.optional { reader throws(FrameError) in try Self.words(&reader) })
    case 5:
      self = .counted(
        stale: try reader.number(), denied: try reader.number(),
        metrics: try reader.list(limit: Self.maximumMetrics) { reader throws(FrameError) in try Metric(from: &reader) })
    case 6: self = .unprotected(try Self.words(&reader))
    case 7: self = .piece(call: try reader.number(), try reader.data())
    case 8: self = .outcome(call: try reader.number(), try reader.data())
    case 9: self = .pending(call: try reader.number())
    case 10: self = .request(number: try reader.number(), session: try reader.number(), try Work(from: &reader))
    case 11:
      self = .late(
        session: try reader.number(),
        try reader.list(limit: StageOutcome.maximumEdits) { reader throws(FrameError) in try StageEdit(from: &reader) },
        misbehaved: try reader.flag())
    default: throw FrameError("a frame is of no known kind")
    }
    try reader.end()
  }

  /// For the log: no line of it may make two.
  private static func words(_ reader: inout FrameReader) throws(FrameError) -> String {
    let text = try reader.text()
    guard text.utf8.count <= maximumText else { throw FrameError("a text has \(text.utf8.count) bytes; at most \(maximumText) can be") }
    return text
  }
}

extension WorkerFrame.Work {
  func write(to writer: inout FrameWriter) {
    switch self {
    case .names(let name, let type):
      writer.byte(1)
      writer.text(name)
      writer.number(type)
    case .lookUp(let table, let key):
      writer.byte(2)
      writer.text(table)
      writer.data(key)
    }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    switch try reader.byte() {
    case 1: self = .names(try reader.text(), type: try reader.number())
    case 2: self = .lookUp(table: try reader.text(), key: try reader.data())
    default: throw FrameError("a request is of no known kind")
    }
  }
}

extension WorkerFrame.Metric {
  func write(to writer: inout FrameWriter) {
    writer.text(name)
    writer.text(help)
    writer.number(kind)
    writer.number(value.bitPattern)
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    name = try reader.text()
    help = try reader.text()
    kind = try reader.number()
    value = Double(bitPattern: try reader.number())
  }
}
