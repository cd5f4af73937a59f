// SPDX-License-Identifier: Apache-2.0
import Message

/// Bytes that stay where they are as long as this object lives.
package protocol SteadyBytes: AnyObject {
  var bytes: UnsafeRawBufferPointer { get }
}

/// What stages want changed about who sends a message and who gets it.
package struct EnvelopeEdits: Equatable, Sendable {
  package struct Addition: Equatable, Sendable {
    package let address: String
    package let parameters: String
  }

  package var sender: String?
  package var added: [Addition] = []
  /// As the session has them: compared without regard to case.
  package var deleted: Set<String> = []
  package var redirect: String?
  package var nextHop: String?
  /// It is kept, and not delivered until somebody releases it.
  package var holdReason: String?

  package init() {}

  package static let maximumAdditions = 10_000
}

/// A message on its way through the stages, from MAIL to its end.
package final class StagedMessage {
  package private(set) var fields = HeaderFields([])
  /// Whether the header is complete.
  package private(set) var hasContent = false
  /// What follows the empty line, with LF as line ends.
  package private(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
  package private(set) var bodySize = 0
  private var bodyOwner: (any SteadyBytes)?
  package private(set) var isBodyReplaced = false
  private var newBody: [UInt8]?
  private var splices = BodySplices()
  /// Fields that were added before there was a header.
  private var early: [StageEdit] = []
  package var envelope = EnvelopeEdits()
  package private(set) var properties: [String: [UInt8]] = [:]
  /// In the order in which they were set first.
  package private(set) var propertyOrder: [String] = []
  /// The recipient that a RCPT event is about, as it was rewritten.
  package var rewrittenRecipient: String?
  /// The header as it is now, with its empty line; nil after a change.
  private var rendered: OwnedBytes?
  /// Views of earlier states that a callback may still hold.
  private var retired: [OwnedBytes] = []

  package static let maximumProperties = 1000

  package init() {}

  package func setContent(header: [UInt8], body: any SteadyBytes) { setContent(HeaderFields(header), body: body) }

  /// `size`: of a body that is not here, because the component does not want to see it.
  package func setContent(_ fields: HeaderFields, body: any SteadyBytes, size: Int? = nil) {
    self.fields = fields
    self.body = body.bytes
    bodySize = size ?? body.bytes.count
    bodyOwner = body
    hasContent = true
    headerChanged()
    for edit in early { _ = apply(edit) }
    early = []
  }

  /// With the same content, to be worked on elsewhere.
  package func copy() -> StagedMessage {
    let copy = StagedMessage()
    copy.fields = fields
    copy.hasContent = hasContent
    copy.body = body
    copy.bodySize = bodySize
    copy.bodyOwner = bodyOwner
    copy.isBodyReplaced = isBodyReplaced
    copy.envelope = envelope
    copy.properties = properties
    copy.propertyOrder = propertyOrder
    return copy
  }

  // MARK: Edits

  /// False for what cannot be done: a reference that is not there, bytes that cannot stand in a header.
  package func apply(_ edit: StageEdit) -> Bool {
    switch edit {
    case .header(let operation, let reference, let name, let value):
      guard hasContent else {
        early.append(edit)
        return operation == .append || operation == .prepend
      }
      headerChanged()
      return fields.apply(operation, reference: reference, name: name, value: value)
    case .recipient(.add, let address, let parameters):
      guard envelope.added.count < EnvelopeEdits.maximumAdditions else { return false }
      envelope.added.append(EnvelopeEdits.Addition(address: address, parameters: parameters))
    case .recipient(.delete, let address, _):
      envelope.added.removeAll { $0.address.lowercased() == address.lowercased() }
      envelope.deleted.insert(address.lowercased())
    case .recipient(.rewrite, let address, _): rewrittenRecipient = address
    case .sender(let address, _): envelope.sender = address
    case .body(let bytes):
      guard splices.isEmpty else { return false }
      newBody = (newBody ?? []) + bytes
    case .splice(let offset, let length, let bytes): return newBody == nil && splices.add(offset, length, bytes, bodySize: bodySize)
    case .route(.hold, let reason), .route(.quarantine, let reason): envelope.holdReason = reason
    case .route(.redirect, let address): envelope.redirect = address
    case .route(.nextHop, let hop): envelope.nextHop = hop
    case .property(_, let key, let value): return set(key, value)
    }
    return true
  }

  /// A deletion, with the name and the beginning of what goes, for whoever tells of it; every other edit as it is. To be asked before it is applied.
  package func named(_ edit: StageEdit) -> StageEdit {
    guard case .header(.delete, let reference, _, _) = edit else { return edit }
    guard hasContent, let index = fields.index(of: reference) else { return .header(.delete, reference: reference, name: [], value: []) }
    return fields.withField(index) { _, name, value in
      .header(.delete, reference: reference, name: Array(name), value: Array(value.prefix(StageEdit.shownText)))
    }
  }

  private func set(_ key: String, _ value: [UInt8]) -> Bool {
    guard properties[key] != nil || properties.count < Self.maximumProperties else { return false }
    if properties.updateValue(value, forKey: key) == nil { propertyOrder.append(key) }
    return true
  }

  /// A stage has seen the whole message: what it wrote as the body is the body from now on.
  package func stageEnded() {
    guard let newBody = newBody ?? splices.applied(to: body) else { return }
    self.newBody = nil
    splices = BodySplices()
    let owner = OwnedBytes(newBody)
    bodyOwner = owner
    body = owner.bytes
    bodySize = body.count
    isBodyReplaced = true
  }

  // MARK: The raw message

  /// In one piece from `offset` on: the rest of the header with its empty line, or the rest of the body.
  package func content(from offset: UInt64) -> UnsafeRawBufferPointer {
    let header = renderedHeader()
    guard offset >= UInt64(header.count) else { return UnsafeRawBufferPointer(rebasing: header[Int(offset)...]) }
    let inBody = offset - UInt64(header.count)
    guard inBody < UInt64(body.count) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(rebasing: body[Int(inBody)...])
  }

  private func renderedHeader() -> UnsafeRawBufferPointer {
    if let rendered { return rendered.bytes }
    let made = OwnedBytes(fields.rendered() + [0x0a])
    rendered = made
    return made.bytes
  }

  // MARK: Rows

  // These give numbers, where `fields` gives a copy of it all.
  package var fieldCount: Int { fields.rows.count }
  package var nextReference: UInt64 { fields.nextReference }
  /// The references of the host's own fields.
  package var addedFields: Range<UInt64> { fields.added }

  /// Calls `body` with all fields. They stay where they are until the next edit of the header. `decoded`: whether to have the decoded values, too.
  @inline(__always) package func withRows<Result>(decoded: Bool, _ body: (UnsafeBufferPointer<HeaderRow>) -> Result) -> Result {
    if decoded { fields.decode() }
    return fields.rows.withUnsafeBufferPointer(body)
  }

  private func headerChanged() {
    if let rendered { retired = [rendered] }
    rendered = nil
  }
}

/// Bytes on the heap that do not move.
package final class OwnedBytes: SteadyBytes, @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  private let count: Int

  package convenience init(_ array: [UInt8]) {
    self.init(count: array.count) { $0.copyBytes(from: array) }
  }

  /// `fill` writes all of them.
  package init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    memory = .allocate(byteCount: max(1, count), alignment: 16)
    self.count = count
    fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
  }

  /// `fill` writes some of them and answers how many.
  package init(atMost count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    memory = .allocate(byteCount: max(1, count), alignment: 16)
    self.count = min(count, fill(memory))
  }

  deinit { memory.deallocate() }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
}
