// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// One question to a table: a session of its own for the component.
package final class TableCall: StageEnvironment, @unchecked Sendable {
  enum Event: UInt32 { case lookUp = 0, changed = 2 }

  private let desk: TableDesk
  private let number: UInt64
  private let completion: Monitor<(@Sendable (TableAnswer) -> Void)?>
  /// One thread at a time has what follows.
  private let turn = Turn()
  private var context: StageContext?
  private var event = Event.lookUp
  private var isOver = false

  init(_ desk: TableDesk, _ completion: @escaping @Sendable (TableAnswer) -> Void) {
    self.desk = desk
    self.completion = Monitor(completion)
    number = desk.number()
  }

  /// Calls on_event, on this thread. `mark`: as which call, in a worker. Where that leaves the event pending, `completed` follows.
  func run(_ event: Event, of instance: ComponentInstance, name: String, value: [UInt8], budget: UInt32, mark: UInt64 = .max) {
    turn.take()
    defer { turn.give() }
    guard !isOver else { return }
    self.event = event
    let home = StageHome(self)
    home.tickets.start(after: TableDesk.base(of: number))
    let context = StageContext(instance, in: home)
    // An event of a message: what it keeps in ctx->message ends with the look-up.
    context.event = .rcpt
    context.callNumber = mark
    self.context = context
    desk.add(self, number)
    instance.counters.calls.count()
    let verdict = Self.lend(name, value) { name, value in
      var record = weir_event()
      record.size = UInt32(MemoryLayout<weir_event>.size)
      record.type = event.rawValue
      (record.name, record.value) = (name, value)
      return context.call(&record, budget: budget)
    }
    if verdict != StageVerdict.pending.rawValue { finish(verdict) }
  }

  private static func lend(_ name: String, _ value: [UInt8], _ body: (weir_str, weir_str) -> Int32) -> Int32 {
    var name = name
    return name.withUTF8 { name in value.withUnsafeBytes { body(weir_str(UnsafeRawBufferPointer(name)), weir_str($0)) } }
  }

  /// A thread of the plugin's own has posted.
  func deliver(_ id: UInt64, _ body: (StageContext?) -> Void) {
    turn.take()
    defer { turn.give() }
    guard !isOver, let context, context.isPending(id) else { return body(nil) }
    body(context)
  }

  /// Nobody waits any more.
  func abandon() {
    settle(.failure(.refused))
    if turn.take(orLeave: { self.end() }) {
      end()
      turn.give()
    }
  }

  // MARK: In one's turn

  private func finish(_ verdict: Int32) {
    guard !isOver, let context else { return }
    let (value, misbehaved) = context.takeAnswer()
    end()
    settle(answer(verdict, value, misbehaved: misbehaved, context.instance))
  }

  private func answer(_ verdict: Int32, _ value: [UInt8]?, misbehaved: Bool, _ instance: ComponentInstance) -> TableAnswer {
    func fault(_ how: String) -> TableAnswer {
      instance.counters.failures.count()
      return .failure(.misbehaved(how))
    }
    if misbehaved { return fault("did what a table may not") }
    switch verdict {
    case Int32(WEIR_DONE):
      if event == .changed { return .value("") }
      return value.map { .value(String(decoding: $0, as: UTF8.self)) } ?? fault("said DONE without an answer")
    case Int32(WEIR_CONTINUE): return .none
    case Int32(WEIR_TEMPFAIL): return .failure(.refused)
    case Int32(WEIR_FAIL): return fault("has failed")
    default: return fault("answered \(verdict), which is no verdict of a table")
    }
  }

  private func end() {
    guard !isOver else { return }
    isOver = true
    desk.remove(number)
    context?.close()
    context?.endScope(.message)
    context?.endScope(.session)
  }

  private func settle(_ answer: TableAnswer) {
    let completion = completion.withLock { completion in
      defer { completion = nil }
      return completion
    }
    completion?(answer)
  }

  // MARK: StageEnvironment

  package func completed(_ context: StageContext, _ verdict: Int32) { finish(verdict) }
  package func property(_ key: String) -> [UInt8]? { nil }
  package func properties(withPrefix prefix: String) -> [StageCall.Parameter] { [] }
  package var fields: HeaderFields? { nil }
  package func content(from offset: UInt64) -> UnsafeRawBufferPointer? { nil }
  package func start(_ request: StageRequest, for context: StageContext) -> Bool { false }
}

/// The threads of a table, and the questions that they are at.
final class TableDesk: PostOffice {
  private struct State {
    var last: UInt64 = 0
    var calls: [UInt64: TableCall] = [:]
  }

  let pool: BlockingPool
  private let threads: Int
  private let state = Monitor(State())
  private static let shift: UInt64 = 20

  init(name: String, threads: Int, queue: Int) {
    pool = BlockingPool(name: name, threads: threads, queue: queue)
    self.threads = threads
  }

  func stop() { pool.stop() }

  func number() -> UInt64 {
    state.withLock { state in
      state.last &+= 1
      return state.last
    }
  }

  static func base(of number: UInt64) -> UInt64 { number << shift }

  func add(_ call: TableCall, _ number: UInt64) { state.withLock { $0.calls[number] = call } }
  func remove(_ number: UInt64) { state.withLock { _ = $0.calls.removeValue(forKey: number) } }

  /// Whether there are as many questions under way as threads.
  var isHeldUp: Bool { state.withLock { $0.calls.count >= threads } }

  func post(_ id: UInt64, instance: ComponentInstance, _ body: @escaping @Sendable (StageContext?) -> Void) -> Bool {
    guard let call = state.withLock({ $0.calls[id >> Self.shift] }) else { return false }
    return pool.submit { call.deliver(id, body) }
  }
}
