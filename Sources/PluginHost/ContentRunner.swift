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
  let message: StagedMessage
  /// What was changed, in order: to be done again to another copy of the message.
  private(set) var edits: [StageEdit] = []
  private(set) var wanted: StageEvents
  private let event: UnsafeMutablePointer<weir_event>
  private let budget: UInt32
  private var phase = Phase.header
  private var index = 0
  private var walk: PartWalk?
  private var offset = 0
  /// Fields that this pass has added are not shown to it.
  private let firstNewReference: UInt64
  private var asked: UInt64 = 0
  private var calls = 0

  private static let maximumPiece = 64 * 1024

  init(_ context: StageContext, _ message: StagedMessage, wanted: StageEvents, budget: UInt32) {
    self.context = context
    self.message = message
    self.wanted = wanted
    self.budget = budget
    firstNewReference = message.fields.nextReference
    event = .allocate(capacity: 1)
    event.initialize(to: weir_event())
    event.pointee.size = UInt32(MemoryLayout<weir_event>.size)
  }

  deinit { event.deallocate() }

  /// Goes on until there is something to wait for, or to say.
  func advance() -> Stop {
    while true {
      let stop: Stop?
      switch phase {
      case .header: stop = wanted.has(.header) ? runHeader() : next(.endOfHeader)
      case .endOfHeader: stop = runOne(.endOfHeader, reference: UInt64(message.fields.count), then: .parts)
      case .parts: stop = wanted.isDisjoint(with: .parts) ? next(.body) : runParts()
      case .body: stop = wanted.has(.body) ? runBody() : next(.endOfMessage)
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

  private func runHeader() -> Stop? {
    context.event = .header
    event.pointee.type = StageEvent.header.rawValue
    event.pointee.flags = 0
    event.pointee.value = .empty
    let isDecoded = context.instance.component.facts.wantsDecodedHeaders
    while index < message.fields.count {
      let raw = isDecoded ? callDecoded() : callHeader()
      index += 1
      guard raw != 0 || context.hasEffects else { continue }
      if let stop = settle(raw, .header) { return stop }
      guard wanted.has(.header), phase == .header else { return nil }
    }
    return next(.endOfHeader)
  }

  @inline(__always) private func callHeader() -> Int32 {
    if let separator = message.fields.separator(index) { return callHeader(after: separator) }
    return callPlainHeader()
  }

  /// `Subject:x`, `Subject : x`: who must know the field byte by byte is told what stood there.
  private func callHeader(after separator: [UInt8]) -> Int32 {
    var verdict: Int32 = 0
    ResultMemory.withPairs([("separator", separator)]) { pairs in
      (event.pointee.params, event.pointee.n_params) = (pairs.baseAddress, UInt64(pairs.count))
      verdict = callPlainHeader()
    }
    (event.pointee.params, event.pointee.n_params) = (nil, 0)
    return verdict
  }

  @inline(__always) private func callPlainHeader() -> Int32 {
    message.fields.withField(index) { reference, name, value in
      guard reference < firstNewReference else { return 0 }
      asked = reference
      event.pointee.ref = reference
      event.pointee.flags = flags(reference)
      event.pointee.name = weir_str(name)
      event.pointee.value = weir_str(value)
      calls &+= 1
      return context.call(event, budget: budget)
    }
  }

  private func callDecoded() -> Int32 {
    message.fields.withField(index) { reference, name, value in
      guard reference < firstNewReference else { return 0 }
      asked = reference
      event.pointee.ref = reference
      event.pointee.flags = flags(reference)
      event.pointee.name = weir_str(name)
      calls &+= 1
      if EncodedWords.isPlain(value) {
        event.pointee.value = weir_str(value)
        return context.call(event, budget: budget)
      }
      return message.decoded(reference, value).withUnsafeBytes {
        event.pointee.value = weir_str($0)
        return context.call(event, budget: budget)
      }
    }
  }

  @inline(__always) private func flags(_ reference: UInt64) -> UInt32 {
    message.fields.added.contains(reference) ? UInt32(WEIR_F_ADDED) : 0
  }

  private func runOne(_ kind: StageEvent, reference: UInt64, then following: Phase) -> Stop? {
    phase = following
    guard wanted.has(kind) else { return nil }
    return settle(call(kind, reference: reference, value: .empty, flags: 0), kind)
  }

  private func runParts() -> Stop? {
    let walk = walk ?? PartWalk(message, isDecoded: context.instance.component.facts.wantsDecodedHeaders)
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

  private func runBody() -> Stop? {
    let body = message.body
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
    let wasThere = message.fields.index(of: self.asked) != nil
    for edit in asked {
      guard message.apply(edit) else { return false }
      edits.append(edit)
    }
    guard phase == .header, wasThere else { return true }
    index = message.fields.index(of: self.asked).map { $0 + 1 } ?? max(0, index - 1)
    return true
  }
}
