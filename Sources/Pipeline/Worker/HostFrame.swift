// SPDX-License-Identifier: Apache-2.0

/// What goes to a worker. One is at most as long as a packet; the content of a message is in memory of its own beside it.
package enum HostFrame: Equatable, Sendable {
  // On the control socket, in this order.
  case load(WorkerOrder)
  case create(component: String?, options: [StageSettings.Option])
  /// The descriptor that comes with it is a connection of one more event loop.
  case connect

  // On the connection of a loop.
  case call(Call)
  case content(Content)
  case answer(request: UInt64, StageRequestAnswer)
  case messageEnded(session: UInt64)
  /// The session has gone, or has gone to another worker.
  case sessionEnded(session: UInt64)

  package struct Call: Equatable, Sendable {
    package var number: UInt64
    package var session: UInt64
    /// It was made before, of a worker that died: nobody waits for its answer, and nothing that it asks for is done again.
    package var isReplay = false
    package var call: StageCall
    package var properties: [StageCall.Parameter] = []

    package init(number: UInt64, session: UInt64, _ call: StageCall) {
      self.number = number
      self.session = session
      self.call = call
    }
  }

  package struct Content: Equatable, Sendable {
    package var number: UInt64
    package var session: UInt64
    package var properties: [StageCall.Parameter] = []
    /// The header; or it is in the memory that comes with the frame, before the body, and this says how long it is.
    package var header: [UInt8] = []
    package var headerInMemory = 0
    /// Of the fields, in order; empty where they are 1, 2, 3 ...
    package var references: [UInt64] = []
    package var nextReference: UInt64 = 1
    /// The references of the fields that are the host's own.
    package var added: Range<UInt64> = 0..<0
    package var bodySize: UInt64 = 0
    /// Whether the body is in the memory that comes with the frame.
    package var hasBody = false
    /// Nothing else comes of this message.
    package var isLast = false

    package init(number: UInt64, session: UInt64) {
      self.number = number
      self.session = session
    }
  }

  /// As much as fits into a packet of a unix socket as Linux makes it, with room for what comes before.
  package static let maximumSize = 160 * 1024
  /// A header up to this size goes along in the frame.
  package static let maximumInlineHeader = 48 * 1024
  private static let maximumParameters = 10_000
  private static let maximumOptions = 10_000
}

/// What a request of a component came to.
package enum StageRequestAnswer: Equatable, Sendable {
  case ok
  case items([StageCall.Parameter], isSecure: Bool, ttl: UInt32)
  case failed(Int32)
}

extension HostFrame {
  package var encoded: [UInt8] {
    var writer = FrameWriter()
    switch self {
    case .load(let order):
      writer.byte(1)
      order.write(to: &writer)
    case .create(let component, let options):
      writer.byte(2)
      writer.optional(component) { $0.text($1) }
      writer.list(options) { writer, option in
        writer.text(option.name)
        writer.text(option.value)
      }
    case .connect: writer.byte(3)
    case .call(let call):
      writer.byte(4)
      call.write(to: &writer)
    case .content(let content):
      writer.byte(5)
      content.write(to: &writer)
    case .answer(let request, let answer):
      writer.byte(6)
      writer.number(request)
      answer.write(to: &writer)
    case .messageEnded(let session):
      writer.byte(7)
      writer.number(session)
    case .sessionEnded(let session):
      writer.byte(8)
      writer.number(session)
    }
    return writer.bytes
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
    var reader = FrameReader(bytes)
    switch try reader.byte() {
    case 1: self = .load(try WorkerOrder(from: &reader))
    case 2:
      let component = try reader.optional { reader throws(FrameError) in try reader.text() }
      self = .create(
        component: component,
        options: try reader.list(limit: Self.maximumOptions) { reader throws(FrameError) in
          StageSettings.Option(try reader.text(), try reader.text())
        })
    case 3: self = .connect
    case 4: self = .call(try Call(from: &reader))
    case 5: self = .content(try Content(from: &reader))
    case 6: self = .answer(request: try reader.number(), try StageRequestAnswer(from: &reader))
    case 7: self = .messageEnded(session: try reader.number())
    case 8: self = .sessionEnded(session: try reader.number())
    default: throw FrameError("a frame is of no known kind")
    }
    try reader.end()
  }
}

extension FrameWriter {
  mutating func parameters(_ parameters: [StageCall.Parameter]) {
    list(parameters) { writer, parameter in
      writer.text(parameter.key)
      writer.data(parameter.value)
    }
  }
}

extension FrameReader {
  mutating func parameters() throws(FrameError) -> [StageCall.Parameter] {
    try list(limit: 10_000) { reader throws(FrameError) in StageCall.Parameter(try reader.text(), try reader.data()) }
  }
}

extension HostFrame.Call {
  func write(to writer: inout FrameWriter) {
    writer.number(number)
    writer.number(session)
    writer.flag(isReplay)
    writer.number(call.event.rawValue)
    writer.number(call.flags)
    writer.number(call.reference)
    writer.data(call.name)
    writer.data(call.value)
    writer.parameters(call.parameters)
    writer.parameters(properties)
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    number = try reader.number()
    session = try reader.number()
    isReplay = try reader.flag()
    call = StageCall(try StageEvent(from: &reader))
    call.flags = try reader.number()
    call.reference = try reader.number()
    call.name = try reader.data()
    call.value = try reader.data()
    call.parameters = try reader.parameters()
    properties = try reader.parameters()
  }
}

extension HostFrame.Content {
  func write(to writer: inout FrameWriter) {
    writer.number(number)
    writer.number(session)
    writer.parameters(properties)
    writer.data(header)
    writer.number(Int64(headerInMemory))
    writer.list(references) { $0.number($1) }
    writer.number(nextReference)
    writer.number(added.lowerBound)
    writer.number(added.upperBound)
    writer.number(bodySize)
    writer.flag(hasBody)
    writer.flag(isLast)
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    number = try reader.number()
    session = try reader.number()
    properties = try reader.parameters()
    header = try reader.data()
    headerInMemory = Int(clamping: try reader.number() as Int64)
    guard headerInMemory >= 0 else { throw FrameError("a header has less than no bytes") }
    references = try reader.list(limit: HeaderFields.maximumFields * 2) { reader throws(FrameError) in try reader.number() as UInt64 }
    nextReference = try reader.number()
    let (firstAdded, endOfAdded) = (try reader.number() as UInt64, try reader.number() as UInt64)
    guard firstAdded <= endOfAdded else { throw FrameError("the fields of the host end before they begin") }
    added = firstAdded..<endOfAdded
    bodySize = try reader.number()
    hasBody = try reader.flag()
    isLast = try reader.flag()
  }
}

extension StageRequestAnswer {
  func write(to writer: inout FrameWriter) {
    switch self {
    case .ok: writer.byte(1)
    case .items(let items, let isSecure, let ttl):
      writer.byte(2)
      writer.parameters(items)
      writer.flag(isSecure)
      writer.number(ttl)
    case .failed(let status):
      writer.byte(3)
      writer.number(status)
    }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    switch try reader.byte() {
    case 1: self = .ok
    case 2: self = .items(try reader.parameters(), isSecure: try reader.flag(), ttl: try reader.number())
    case 3: self = .failed(try reader.number())
    default: throw FrameError("an answer is of no known kind")
    }
  }
}
