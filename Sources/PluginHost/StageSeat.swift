// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// One stage in one session: what it may still be asked, and the asking. On the loop's thread.
final class StageSeat {
  let stage: Stage
  let loop: EventLoop
  let context: StageContext
  private let pool: BlockingPool?
  /// It said DONE at an event of the session, or is lost in a call that does not return.
  private(set) var isDoneWithSession = false
  var isDoneWithMessage = false
  var isSkippingRecipients = false
  var hasSeenMessage = false
  /// Whether its conditions hold, as looked at for this command or message.
  var applies = true
  /// A call has not returned in time; nothing may be called until it does.
  private var isLost = false
  private var isBusy = false
  private var waiting: Slot?
  private var early: Int32?
  private var deferred: [() -> Void] = []

  init(_ stage: Stage, loop: EventLoop, environment: any StageEnvironment, tickets: Tickets) {
    self.stage = stage
    self.loop = loop
    switch stage.engine {
    case .inProcess(let instance, let pool):
      context = StageContext(instance, environment: environment, tickets: tickets)
      self.pool = pool
    }
  }

  func wants(_ event: StageEvent) -> Bool {
    guard stage.events.has(event), applies, !isDoneWithSession, !isLost else { return false }
    if event.isOfSession { return true }
    return !isDoneWithMessage && !(event == .rcpt && isSkippingRecipients)
  }

  func wantsAny(_ events: StageEvents) -> Bool {
    applies && !isDoneWithSession && !isDoneWithMessage && !isLost && !stage.events.isDisjoint(with: events)
  }

  /// Whether an event of it is pending.
  var isWaiting: Bool { waiting != nil || isBusy }

  func doneWithSession() { isDoneWithSession = true }

  private var budget: UInt32 { UInt32(clamping: stage.settings.timeout) }

  // MARK: Asking

  /// One event about a command.
  func ask(_ call: StageCall) async -> StageAnswer {
    guard stage.circuit.isClosed(at: loop.now) else { return StageAnswer(failure: .stuck) }
    stage.counters.calls.count()
    let began = Instant.now()
    context.event = call.event
    let budget = budget
    let first: Int32?
    if pool != nil {
      nonisolated(unsafe) let context = context
      first = await onPool { call.with { context.call($0, budget: budget) } }
    } else {
      first = call.with { context.call($0, budget: budget) }
    }
    guard let first else { return StageAnswer(failure: lossOfThread()) }
    var raw = first
    if raw == StageVerdict.pending.rawValue {
      guard let verdict = await completion() else { return timedOut() }
      raw = verdict
    }
    context.close()
    note(since: began)
    return StageAnswer(raw, at: call.event, context)
  }

  /// An event that needs no answer.
  func tell(_ call: StageCall) {
    guard !isLost else { return }
    stage.counters.calls.count()
    context.event = call.event
    if let pool {
      nonisolated(unsafe) let seat = self
      isBusy = true
      let isTaken = pool.submit {
        _ = call.with { seat.context.call($0, budget: 0) }
        seat.loop.spawn { seat.returned() }
      }
      if !isTaken { isBusy = false }
    } else {
      _ = call.with { context.call($0, budget: 0) }
    }
    if !isBusy { _ = context.takeEffects() }
  }

  /// The whole content, in `message`; edits are made there.
  func read(_ message: StagedMessage, shadow: Bool, usesPool: BlockingPool?) async -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    guard stage.circuit.isClosed(at: loop.now) else { return (.failed(.stuck), []) }
    stage.counters.messages.count()
    let began = Instant.now()
    defer { note(since: began) }
    let pool = pool ?? usesPool
    let subject = shadow || pool != nil ? message.copy() : message
    let runner = ContentRunner(context, subject, wanted: stage.events.intersection(.content), budget: budget)
    guard var stop = await advance(runner, on: pool, { $0.advance() }) else { return (.failed(lossOfThread()), []) }
    while case .pending = stop {
      guard let verdict = await completion() else { return (.failed(timedOut().failure ?? .stuck), []) }
      guard let next = await advance(runner, on: pool, { $0.resume(verdict) }) else { return (.failed(lossOfThread()), []) }
      stop = next
    }
    context.close()
    if !shadow, subject !== message {
      for edit in runner.edits where !message.apply(edit) { return (.failed(.badEdit), []) }
    }
    return (stop, runner.edits)
  }

  private func advance(_ runner: ContentRunner, on pool: BlockingPool?, _ body: @escaping (ContentRunner) -> ContentRunner.Stop) async
    -> ContentRunner.Stop?
  {
    guard let pool else { return body(runner) }
    nonisolated(unsafe) let runner = runner
    nonisolated(unsafe) let body = body
    return await onPool(pool) { body(runner) }
  }

  private func note(since began: Instant) {
    let (seconds, attoseconds) = (Instant.now() - began).components
    stage.counters.note(microseconds: Int(clamping: seconds) &* 1_000_000 &+ Int(attoseconds / 1_000_000_000_000))
  }

  // MARK: Waiting

  private final class Slot {
    var continuation: UnsafeContinuation<Int32?, Never>?
  }

  /// The verdict that complete() gives; nil at the deadline.
  private func completion() async -> Int32? {
    if let early {
      self.early = nil
      return early
    }
    let slot = Slot()
    waiting = slot
    let timer = loop.timer { [weak self] in
      self?.waiting = nil
      slot.continuation?.resume(returning: nil)
      slot.continuation = nil
    }
    loop.arm(timer, at: loop.now + .milliseconds(stage.settings.timeout))
    let verdict = await withUnsafeContinuation { slot.continuation = $0 }
    loop.remove(timer)
    return verdict
  }

  func completed(_ verdict: Int32) {
    guard let slot = waiting, let continuation = slot.continuation else {
      early = verdict
      return
    }
    waiting = nil
    slot.continuation = nil
    continuation.resume(returning: verdict)
  }

  private func timedOut() -> StageAnswer {
    context.close()
    _ = context.takeEffects()
    return StageAnswer(failure: .timedOut(milliseconds: stage.settings.timeout))
  }

  // MARK: Calls that may block

  private final class PoolSlot<Value: Sendable> {
    var continuation: UnsafeContinuation<Void, Never>?
    var value: Value?
    var isOver = false
  }

  private func onPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
    guard let pool else { return body() }
    return await onPool(pool, body)
  }

  /// Nil when the call has not returned at the deadline, or there is no thread for it.
  private func onPool<Value: Sendable>(_ pool: BlockingPool, _ body: @escaping @Sendable () -> Value) async -> Value? {
    nonisolated(unsafe) let slot = PoolSlot<Value>()
    nonisolated(unsafe) let seat = self
    isBusy = true
    let isTaken = pool.submit {
      let value = body()
      seat.loop.spawn {
        slot.value = value
        if slot.isOver { return seat.returned() }
        slot.isOver = true
        slot.continuation?.resume()
      }
    }
    guard isTaken else {
      isBusy = false
      return nil
    }
    let timer = loop.timer {
      guard !slot.isOver else { return }
      slot.isOver = true
      seat.isLost = true
      slot.continuation?.resume()
    }
    loop.arm(timer, at: loop.now + .milliseconds(stage.settings.timeout))
    if !slot.isOver { await withUnsafeContinuation { slot.continuation = $0 } }
    loop.remove(timer)
    guard let value = slot.value, !isLost else { return nil }
    isBusy = false
    runDeferred()
    return value
  }

  /// A call that nobody waited for any more has returned.
  private func returned() {
    isBusy = false
    _ = context.takeEffects()
    runDeferred()
    if isLost {
      context.endScope(.message)
      if isOver { context.endScope(.session) }
    } else if isOver {
      context.endScope(.session)
    }
  }

  private func lossOfThread() -> StageFailure {
    guard isLost else {
      stage.circuit.trip(at: loop.now)
      return .stuck
    }
    return .timedOut(milliseconds: stage.settings.timeout)
  }

  /// Runs `body` when no call of this component is under way in this session.
  func whenFree(_ body: @escaping () -> Void) {
    if isBusy { deferred.append(body) } else { body() }
  }

  private func runDeferred() {
    let due = deferred
    deferred = []
    for body in due { body() }
  }

  // MARK: Ends

  private var isOver = false

  func messageEnded() {
    isDoneWithMessage = false
    isSkippingRecipients = false
    hasSeenMessage = false
    early = nil
    whenFree { [context] in context.endScope(.message) }
  }

  func sessionEnded() {
    isOver = true
    whenFree { [context] in
      context.endScope(.message)
      context.endScope(.session)
    }
  }
}

/// One event about a command, with bytes of its own: the call may be made on another thread.
struct StageCall: Sendable {
  var event: StageEvent
  var name: [UInt8] = []
  var value: [UInt8] = []
  var parameters: [(key: String, value: [UInt8])] = []
  var reference: UInt64 = 0
  var flags: UInt32 = 0

  init(_ event: StageEvent, name: String = "", value: String = "") {
    self.event = event
    self.name = Array(name.utf8)
    self.value = Array(value.utf8)
  }

  func with<Result>(_ body: (UnsafePointer<weir_event>) -> Result) -> Result {
    var raw = weir_event()
    raw.size = UInt32(MemoryLayout<weir_event>.size)
    raw.type = event.rawValue
    raw.flags = flags
    raw.ref = reference
    return name.withUnsafeBytes { name in
      value.withUnsafeBytes { value in
        raw.name = weir_str(name)
        raw.value = weir_str(value)
        guard !parameters.isEmpty else { return body(&raw) }
        var result: Result?
        ResultMemory.withPairs(parameters) { pairs in
          raw.params = pairs.baseAddress
          raw.n_params = UInt64(pairs.count)
          result = body(&raw)
        }
        return result ?? body(&raw)
      }
    }
  }
}
