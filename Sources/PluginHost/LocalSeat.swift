// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// A seat whose component is in this process.
final class LocalSeat: StageSeat {
  let context: StageContext
  private let pool: BlockingPool?
  private let home: StageHome
  private var owner: (any SeatOwner)? { home.environment as? any SeatOwner }
  private var hasLostThread = false
  /// A call runs on another thread: what the context holds is that one's.
  private var isBusy = false
  private var waiting: Slot?
  private var early: Int32?
  private var deferred: [() -> Void] = []

  /// In a worker: the number of what is asked next.
  var callNumber: UInt64 = 0
  /// Runs when an event has been left pending.
  var hasBecomePending: (() -> Void)?
  /// After this a call that blocks is given up; nil: after the timeout of the stage.
  var patience: Duration?

  init(_ stage: Stage, _ instance: ComponentInstance, pool: BlockingPool?, loop: EventLoop, in home: StageHome) {
    context = StageContext(instance, in: home)
    self.pool = pool
    self.home = home
    super.init(stage, loop: loop)
  }

  override var isLost: Bool { hasLostThread }
  override var event: StageEvent { context.event }

  /// From the beginning of what it is asked until the answer is taken.
  private var isAsked = false

  /// The component may have something of the message still: its state, a request, an event that is pending.
  private var mayHoldMessage = false

  /// Made for the first message.
  private var runner: ContentRunner?
  /// The runner stands at an event that `readAtOnce` has left pending.
  private var hasBegun = false

  private func run(_ message: StagedMessage) -> ContentRunner {
    stage.counters.messages.count()
    isAsked = true
    let runner = runner ?? ContentRunner(context, budget: budget)
    self.runner = runner
    runner.begin(message, wanted: stage.contentEvents)
    return runner
  }

  private var budget: UInt32 { UInt32(clamping: stage.settings.timeout) }

  // MARK: Asking

  override func ask(_ call: StageCall) async -> StageAnswer {
    guard stage.circuit.isClosed(at: loop.now) else { return StageAnswer(failure: .stuck) }
    stage.counters.calls.count()
    (isAsked, mayHoldMessage) = (true, true)
    defer { isAsked = false }
    let began = Instant.now()
    let budget = budget
    let first: Int32?
    if let pool {
      nonisolated(unsafe) let context = context
      first = await onPool(pool, at: call.event, nil) { call.with { context.call($0, budget: budget) } }
    } else {
      begin(call.event, callNumber)
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

  override func tell(_ call: StageCall) {
    guard !isLost else { return }
    stage.counters.calls.count()
    mayHoldMessage = true
    if let pool { return tell(call, on: pool) }
    begin(call.event, callNumber)
    _ = call.with { context.call($0, budget: 0) }
    _ = context.takeEffects()
  }

  /// Nobody waits for it but what this component is asked next.
  private func tell(_ call: StageCall, on pool: BlockingPool) {
    nonisolated(unsafe) let seat = self
    let number = callNumber
    let stillness = Stillness(owner, for: stage.component, owner?.message?.copy())
    whenFree {
      seat.begin(call.event, number, stillness)
      let isTaken = pool.submit {
        _ = call.with { seat.context.call($0, budget: 0) }
        seat.loop.spawn { seat.returned() }
      }
      if !isTaken { seat.isFree() }
    }
  }

  private func begin(_ event: StageEvent?, _ number: UInt64, _ stillness: Stillness? = nil) {
    if let event { context.event = event }
    context.callNumber = number
    guard let stillness else { return }
    context.leave(with: stillness)
    isBusy = true
  }

  private func isFree() {
    context.comeBack()
    isBusy = false
  }

  override func readAtOnce(_ message: StagedMessage) -> (stop: ContentRunner.Stop, edits: [StageEdit])? {
    guard pool == nil else { return nil }
    guard stage.circuit.isClosed(at: loop.now) else { return (.failed(.stuck), []) }
    begin(nil, callNumber)
    let runner = run(message)
    let stop = runner.advance()
    if case .pending = stop {
      (hasBegun, mayHoldMessage) = (true, true)
      return nil
    }
    isAsked = false
    if context.holdsAnything { mayHoldMessage = true }
    defer { runner.forget() }
    return (stop, runner.edits)
  }

  override func read(_ message: StagedMessage, shadow: Bool, usesPool: BlockingPool?) async -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    mayHoldMessage = true
    defer { isAsked = false }
    if hasBegun, let runner { return await finish(runner, from: .pending, on: nil, message, shadow: false) }
    guard stage.circuit.isClosed(at: loop.now) else { return (.failed(.stuck), []) }
    let pool = pool ?? usesPool
    let runner = run(shadow || pool != nil ? message.copy() : message)
    if pool == nil { begin(nil, callNumber) }
    guard let first = await advance(runner, on: pool, { $0.advance() }) else { return (.failed(lossOfThread()), []) }
    return await finish(runner, from: first, on: pool, message, shadow: shadow)
  }

  private func finish(
    _ runner: ContentRunner, from first: ContentRunner.Stop, on pool: BlockingPool?, _ message: StagedMessage, shadow: Bool
  ) async -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    var stop = first
    hasBegun = false
    defer { if !isBusy { runner.forget() } }
    while case .pending = stop {
      guard let verdict = await completion() else { return (.failed(timedOut().failure ?? .stuck), []) }
      guard let next = await advance(runner, on: pool, { $0.resume(verdict) }) else { return (.failed(lossOfThread()), []) }
      stop = next
    }
    context.close()
    if !shadow, pool != nil {
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
    return await onPool(pool, at: nil, runner.message) { body(runner) }
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
    hasBecomePending?()
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

  /// Nil when the call has not returned at the deadline, or there is no thread for it. `message`: nobody else's.
  private func onPool<Value: Sendable>(
    _ pool: BlockingPool, at event: StageEvent?, _ message: StagedMessage?, _ body: @escaping @Sendable () -> Value
  )
    async -> Value?
  {
    nonisolated(unsafe) let slot = PoolSlot<Value>()
    nonisolated(unsafe) let seat = self
    let (number, stillness) = (callNumber, Stillness(owner, for: stage.component, message))
    whenFree {
      guard !slot.isOver else { return }
      seat.begin(event, number, stillness)
      let isTaken = pool.submit {
        let value = body()
        seat.loop.spawn {
          slot.value = value
          if slot.isOver { return seat.returned() }
          slot.isOver = true
          slot.continuation?.resume()
        }
      }
      guard !isTaken else { return }
      seat.isFree()
      slot.isOver = true
      slot.continuation?.resume()
    }
    let timer = loop.timer {
      guard !slot.isOver else { return }
      slot.isOver = true
      seat.hasLostThread = true
      slot.continuation?.resume()
    }
    loop.arm(timer, at: loop.now + (patience ?? .milliseconds(stage.settings.timeout)))
    if !slot.isOver { await withUnsafeContinuation { slot.continuation = $0 } }
    loop.remove(timer)
    guard let value = slot.value, !isLost else { return nil }
    isFree()
    runDeferred()
    return value
  }

  /// A call that nobody waited for any more has returned.
  private func returned() {
    isFree()
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
    while !isBusy, !deferred.isEmpty { deferred.removeFirst()() }
  }

  // MARK: Ends

  private var isOver = false

  override func messageEnded() {
    super.messageEnded()
    guard mayHoldMessage else { return }
    mayHoldMessage = false
    early = nil
    if isBusy { deferred.append(forgetMessage) } else { forgetMessage() }
  }

  private func forgetMessage() {
    runner?.forget()
    context.endScope(.message)
  }

  override func sessionEnded() {
    isOver = true
    if isBusy { deferred.append(forgetSession) } else { forgetSession() }
  }

  private func forgetSession() {
    forgetMessage()
    context.endScope(.session)
  }

  override func renew() -> Bool {
    guard isOver, !isBusy, !isAsked, !isLost, waiting == nil, deferred.isEmpty, context.isSpent, super.renew() else { return false }
    (isOver, hasBegun, early, callNumber) = (false, false, nil, 0)
    context.renew()
    return true
  }

  // MARK: Requests and posts

  /// A request has ended: its callback runs as soon as no other of this component does.
  func ended(_ request: StageRequest, _ answer: StageRequest.Answer) {
    whenFree { [self] in
      context.finished(request, answer)
      takeLate()
    }
  }

  /// From a thread of the plugin's own.
  func deliver(_ id: UInt64, _ body: @escaping (StageContext?) -> Void) {
    whenFree { [self] in
      guard context.isPending(id) else { return body(nil) }
      body(context)
      takeLate()
    }
  }

  /// What a callback asks for while its component is not being asked takes effect at once.
  private func takeLate() {
    guard context.hasEffects, !isAsked, !isBusy else { return }
    let effects = context.takeEffects()
    owner?.late(effects.edits, misbehaved: effects.misbehaved, from: self)
  }
}
