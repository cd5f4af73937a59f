// SPDX-License-Identifier: Apache-2.0
import CWeir
import Message
import Pipeline

/// One component going through one message: its header, its parts, its body, its end.
///
/// It stops at an event that is pending and goes on from there. So the same code runs on the loop, on a pool thread and in a worker.
final class ContentRunner {
  enum Stop: Sendable {
    /// The component has seen all that it wants, or has decided.
    case finished(StageVerdict, closes: Bool, StageReply?)
    /// on_event left it pending: call `resume` with the verdict.
    case pending
    case failed(StageFailure)
  }

  private enum Phase { case header, endOfHeader, parts, body, endOfMessage, over }

  let context: StageContext
  private(set) var message: StagedMessage?
  /// What was changed, in order: to be done again to another copy of the message.
  private(set) var edits: [StageEdit] = []
  private(set) var wanted: StageEvents = []
  private let event: UnsafeMutablePointer<weir_event>
  private let budget: UInt32
  private var phase = Phase.over
  private var index = 0
  private var walk: PartWalk?
  private var offset = 0
  /// Fields that this pass has added are not shown to it.
  private var firstNewReference: UInt64 = 0
  private var asked: UInt64 = 0
  private var calls = 0

  private static let maximumPiece = 64 * 1024

  init(_ context: StageContext, budget: UInt32) {
    self.context = context
    self.budget = budget
    event = .allocate(capacity: 1)
    event.initialize(to: weir_event())
    event.pointee.size = UInt32(MemoryLayout<weir_event>.size)
  }

  deinit { event.deallocate() }

  /// From the beginning of a message.
  func begin(_ message: StagedMessage, wanted: StageEvents) {
    self.message = message
    self.wanted = wanted
    firstNewReference = message.nextReference
    phase = .header
    (index, offset, asked, walk) = (0, 0, 0, nil)
    edits = []
  }

  /// This pass has ended, or the message.
  func forget() {
    if message == nil { return }
    (message, walk) = (nil, nil)
    if !edits.isEmpty { edits = [] }
  }

  /// Goes on until there is something to wait for, or to say.
  func advance() -> Stop {
    guard let message else { return end() }
    while true {
      let stop: Stop?
      switch phase {
      case .header: stop = wanted.has(.header) ? runHeader(message) : next(.endOfHeader)
      case .endOfHeader:
        if wanted.isDisjoint(with: .afterHeader) { return end() }
        stop = runOne(.endOfHeader, reference: UInt64(message.fieldCount), then: .parts)
      case .parts: stop = wanted.isDisjoint(with: .parts) ? next(.body) : runParts(message)
      case .body: stop = wanted.has(.body) ? runBody(message.body) : next(.endOfMessage)
      case .endOfMessage: stop = runOne(.endOfMessage, reference: UInt64(message.bodySize), then: .over)
      case .over: stop = end()
      }
      if let stop { return stop }
    }
  }

  /// The verdict on the event that was pending.
  func resume(_ raw: Int32) -> Stop {
    context.close()
    if let stop = settle(raw, context.event) { return stop }
    return advance()
  }

  private func next(_ phase: Phase) -> Stop? {
    self.phase = phase
    return nil
  }

  private func end() -> Stop {
    context.instance.counters.calls.wrappingAdd(calls, ordering: .relaxed)
    calls = 0
    return .finished(.goOn, closes: false, nil)
  }

  // MARK: Events

  private func runHeader(_ message: StagedMessage) -> Stop? {
    context.event = .header
    event.pointee.type = StageEvent.header.rawValue
    event.pointee.flags = 0
    event.pointee.part = 0
    let isDecoded = context.instance.wantsDecodedHeaders
    while index < message.fieldCount {
      let raw = message.withRows(decoded: isDecoded) { sweep($0, message.addedFields, isDecoded) }
      guard raw != 0 || context.hasEffects else { continue }
      if let stop = settle(raw, .header) { return stop }
      guard wanted.has(.header), phase == .header else { return nil }
    }
    return next(.endOfHeader)
  }

  private func sweep(_ rows: UnsafeBufferPointer<HeaderRow>, _ added: Range<UInt64>, _ isDecoded: Bool) -> Int32 {
    let before = context.ticket
    let raw = context.sweep(rows, from: &index, below: firstNewReference, added: added, decoded: isDecoded, event, budget: budget)
    calls &+= Int(truncatingIfNeeded: context.ticket &- before)
    if index > 0 { asked = rows[index - 1].reference }
    return raw
  }

  private func runOne(_ kind: StageEvent, reference: UInt64, then following: Phase) -> Stop? {
    phase = following
    guard wanted.has(kind) else { return nil }
    return settle(call(kind, reference: reference, value: .empty, flags: 0), kind)
  }

  private func runParts(_ message: StagedMessage) -> Stop? {
    let walk = walk ?? PartWalk(message, isDecoded: context.instance.wantsDecodedHeaders)
    self.walk = walk
    while let step = walk.next(wanted) {
      let raw = call(step)
      guard raw != 0 || context.hasEffects else { continue }
      if let stop = settle(raw, step.event) { return stop }
      guard phase == .parts else { return nil }
    }
    return next(.body)
  }

  private func call(_ step: PartWalk.Step) -> Int32 {
    step.name.withUnsafeBytes { name in
      var raw: Int32 = 0
      ResultMemory.withPairs(step.parameters) { pairs in
        event.pointee.params = pairs.baseAddress
        event.pointee.n_params = UInt64(pairs.count)
        let flags = (step.isNested ? UInt32(WEIR_F_NESTED) : 0) | (step.isLast ? UInt32(WEIR_F_LAST) : 0)
        raw = step.value.withUnsafeBytes {
          call(step.event, reference: step.reference, name: weir_str(name), value: weir_str($0), flags: flags, part: step.part)
        }
      }
      event.pointee.params = nil
      event.pointee.n_params = 0
      return raw
    }
  }

  private func runBody(_ body: UnsafeRawBufferPointer) -> Stop? {
    if body.isEmpty { return next(.endOfMessage) }
    while offset < body.count {
      let piece = Self.piece(of: body, from: offset)
      let start = offset
      offset += piece.count
      let raw = call(.body, reference: UInt64(start), value: weir_str(piece), flags: offset == body.count ? UInt32(WEIR_F_LAST) : 0)
      guard raw != 0 || context.hasEffects else { continue }
      if let stop = settle(raw, .body) { return stop }
      guard wanted.has(.body), phase == .body else { return nil }
    }
    return next(.endOfMessage)
  }

  /// Up to 64 KiB that end at a line end, or a part of a line that is longer.
  private static func piece(of body: UnsafeRawBufferPointer, from offset: Int) -> UnsafeRawBufferPointer {
    let rest = UnsafeRawBufferPointer(rebasing: body[offset...])
    guard rest.count > maximumPiece else { return rest }
    let window = UnsafeRawBufferPointer(rebasing: rest[..<maximumPiece])
    guard let end = window.lastIndex(of: 0x0a) else { return window }
    return UnsafeRawBufferPointer(rebasing: rest[...end])
  }

  private func call(
    _ kind: StageEvent, reference: UInt64, name: weir_str = .empty, value: weir_str, flags: UInt32, part: UInt32 = 0
  ) -> Int32 {
    context.event = kind
    event.pointee.type = kind.rawValue
    event.pointee.flags = flags
    event.pointee.part = part
    event.pointee.ref = reference
    event.pointee.name = name
    event.pointee.value = value
    calls &+= 1
    return context.call(event, budget: budget)
  }

  // MARK: Answers

  /// Takes what the callback asked for and its verdict; nil: goes on.
  private func settle(_ raw: Int32, _ kind: StageEvent) -> Stop? {
    let answer = StageAnswer(raw, at: kind, context)
    if !answer.edits.isEmpty, !apply(answer.edits) { return .failed(.badEdit) }
    if let failure = answer.failure { return .failed(failure) }
    switch answer.verdict {
    case .pending: return .pending
    case .goOn: return nil
    case .skip:
      wanted.subtract(kind.bit)
      if kind == .header { phase = .endOfHeader }
      if kind == .body { phase = .endOfMessage }
      return nil
    case .done:
      phase = .over
      return .finished(.done, closes: false, nil)
    case .reject, .tempfail, .discard, .fail: return .finished(answer.verdict, closes: answer.closes, answer.reply)
    }
  }

  /// Fields may come and go around the one that was asked about: the walk goes on behind it.
  private func apply(_ asked: [StageEdit]) -> Bool {
    guard let message else { return false }
    let wasThere = message.fields.index(of: self.asked) != nil
    for edit in asked {
      let named = message.named(edit)
      guard message.apply(edit) else { return false }
      edits.append(named)
    }
    guard phase == .header, wasThere else { return true }
    index = message.fields.index(of: self.asked).map { $0 + 1 } ?? max(0, index - 1)
    return true
  }
}
