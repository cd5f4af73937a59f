// SPDX-License-Identifier: Apache-2.0

/// The answer of a component to an event or to the content of a message, as it travels between processes.
package struct StageOutcome: Equatable, Sendable {
  /// Why there is no verdict; the numbers are those of the frames.
  package enum Failure: Equatable, Sendable {
    case badVerdict(Int32)
    case denied
    case badEdit
    case reported
    case timedOut
    case stuck
  }

  /// WEIR_CONTINUE and so on, with WEIR_CLOSE.
  package var verdict: Int32 = 0
  /// The event at which it was said.
  package var event: StageEvent
  package var failure: Failure?
  package var reply: StageReply?
  package var edits: [StageEdit] = []

  package init(_ verdict: Int32, at event: StageEvent) {
    self.verdict = verdict
    self.event = event
  }

  package static let maximumEdits = 20_000

  func write(to writer: inout FrameWriter) {
    writer.number(verdict)
    writer.number(event.rawValue)
    writer.optional(failure) { $1.write(to: &$0) }
    writer.optional(reply) { writer, reply in
      writer.number(UInt32(clamping: reply.code))
      writer.text(reply.status)
      writer.text(reply.lines.joined(separator: "\n"))
    }
    writer.list(edits) { $1.write(to: &$0) }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    verdict = try reader.number()
    event = try StageEvent(from: &reader)
    failure = try reader.optional { reader throws(FrameError) in try Failure(from: &reader) }
    reply = try reader.optional { reader throws(FrameError) in
      guard let reply = StageReply(code: try reader.number(), status: try reader.text(), text: try reader.text()) else {
        throw FrameError("a reply cannot be said over SMTP")
      }
      return reply
    }
    edits = try reader.list(limit: Self.maximumEdits) { reader throws(FrameError) in try StageEdit(from: &reader) }
  }

  /// Of a whole frame, or of the pieces of one.
  package init(decoding bytes: [UInt8]) throws(FrameError) {
    self = try bytes.withUnsafeBytes { bytes in
      Result { () throws(FrameError) in
        var reader = FrameReader(bytes)
        let outcome = try StageOutcome(from: &reader)
        try reader.end()
        return outcome
      }
    }.get()
  }

  package var encoded: [UInt8] {
    var writer = FrameWriter()
    write(to: &writer)
    return writer.bytes
  }
}

extension StageEvent {
  init(from reader: inout FrameReader) throws(FrameError) {
    guard let event = StageEvent(rawValue: try reader.number()) else { throw FrameError("a frame has an event that there is not") }
    self = event
  }
}

extension StageOutcome.Failure {
  func write(to writer: inout FrameWriter) {
    switch self {
    case .badVerdict(let raw):
      writer.byte(1)
      writer.number(raw)
    case .denied: writer.byte(2)
    case .badEdit: writer.byte(3)
    case .reported: writer.byte(4)
    case .timedOut: writer.byte(5)
    case .stuck: writer.byte(6)
    }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    switch try reader.byte() {
    case 1: self = .badVerdict(try reader.number())
    case 2: self = .denied
    case 3: self = .badEdit
    case 4: self = .reported
    case 5: self = .timedOut
    case 6: self = .stuck
    default: throw FrameError("a frame has a failure that there is not")
    }
  }
}

extension StageEdit {
  func write(to writer: inout FrameWriter) {
    switch self {
    case .header(let operation, let reference, let name, let value):
      writer.byte(1)
      writer.number(operation.rawValue)
      writer.number(reference)
      writer.data(name)
      writer.data(value)
    case .recipient(let operation, let address, let parameters):
      writer.byte(2)
      writer.number(operation.rawValue)
      writer.text(address)
      writer.text(parameters)
    case .sender(let address, let parameters):
      writer.byte(3)
      writer.text(address)
      writer.text(parameters)
    case .body(let bytes):
      writer.byte(4)
      writer.data(bytes)
    case .route(let operation, let argument):
      writer.byte(5)
      writer.number(operation.rawValue)
      writer.text(argument)
    case .property(let scope, let key, let value):
      writer.byte(6)
      writer.number(scope.rawValue)
      writer.text(key)
      writer.data(value)
    case .splice(let offset, let length, let bytes):
      writer.byte(7)
      writer.number(offset)
      writer.number(length)
      writer.data(bytes)
    }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    switch try reader.byte() {
    case 1:
      guard let operation = HeaderOperation(rawValue: try reader.number()) else { throw FrameError("an edit of the header is none") }
      self = .header(operation, reference: try reader.number(), name: try reader.data(), value: try reader.data())
    case 2:
      guard let operation = RecipientOperation(rawValue: try reader.number()) else { throw FrameError("an edit of a recipient is none") }
      self = .recipient(operation, address: try reader.text(), parameters: try reader.text())
    case 3: self = .sender(address: try reader.text(), parameters: try reader.text())
    case 4: self = .body(try reader.data())
    case 5:
      guard let operation = RouteOperation(rawValue: try reader.number()) else { throw FrameError("an edit of the route is none") }
      self = .route(operation, try reader.text())
    case 6:
      guard let scope = Scope(rawValue: try reader.number()) else { throw FrameError("a property is of no scope") }
      let key = try reader.text()
      guard StageCondition.isKey(key) else { throw FrameError("a property has a name that cannot be") }
      self = .property(scope, key: key, value: try reader.data())
    case 7: self = .splice(offset: try reader.number(), length: try reader.number(), try reader.data())
    default: throw FrameError("an edit is of no known kind")
    }
  }
}
