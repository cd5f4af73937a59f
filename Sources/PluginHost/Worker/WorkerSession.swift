// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// One session of the mta in a worker: what was sent ahead of it, and its seat. On the loop's thread.
final class WorkerSession {
  enum Work {
    case call(HostFrame.Call)
    /// The descriptor is the session's to close.
    case content(HostFrame.Content, Int32?)
    case messageEnded
    case sessionEnded
  }

  let number: UInt64
  private let connection: WorkerConnection
  let seat: LocalSeat
  private var queue: [Work] = []
  private var head = 0
  private var isWorking = false
  private(set) var message: StagedMessage?
  private var properties: [String: [UInt8]] = [:]
  private let home = StageHome()
  private var slot = -1
  private var callNumber: UInt64 = 0
  private var server: WorkerServer { connection.server }

  init(_ number: UInt64, _ connection: WorkerConnection) {
    self.number = number
    self.connection = connection
    let server = connection.server
    guard case .inProcess(let instance, let pool) = server.stage.engine else { fatalError("a worker's component runs in the worker") }
    seat = LocalSeat(server.stage, instance, pool: pool, loop: server.loop, in: home)
    home.environment = self
    seat.patience = WorkerServer.patience
    seat.hasBecomePending = { [weak self] in
      guard let self, self.callNumber != 0 else { return }
      self.connection.send(.pending(call: self.callNumber))
    }
    let place = server.registry.register(self, on: server.loop)
    slot = place.slot
    home.tickets.start(after: place.base)
  }

  // MARK: One after the other

  func take(_ work: Work) {
    queue.append(work)
    guard !isWorking else { return }
    isWorking = true
    nonisolated(unsafe) let session = self
    server.loop.spawn { await session.run() }
  }

  private func run() async {
    while head < queue.count {
      let work = queue[head]
      head += 1
      await perform(work)
    }
    queue.removeAll(keepingCapacity: true)
    head = 0
    isWorking = false
  }

  private func perform(_ work: Work) async {
    switch work {
    case .call(let call): await perform(call)
    case .content(let content, let descriptor): await perform(content, descriptor)
    case .messageEnded: endMessage()
    case .sessionEnded:
      endMessage()
      seat.sessionEnded()
      server.registry.unregister(slot, lastTicket: home.tickets.current)
      slot = -1
    }
  }

  private func begin(_ number: UInt64, _ given: [StageCall.Parameter]) {
    properties = Dictionary(given.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    seat.callNumber = number
  }

  private func perform(_ frame: HostFrame.Call) async {
    begin(frame.number, frame.properties)
    if !frame.call.event.isOfSession, message == nil { message = StagedMessage() }
    guard frame.call.event.asks else { return seat.tell(frame.call) }
    callNumber = frame.isReplay ? 0 : frame.number
    let answer = await seat.ask(frame.call)
    callNumber = 0
    if !frame.isReplay { connection.send(StageOutcome(answer, at: frame.call.event), to: frame.number) }
  }

  private func perform(_ frame: HostFrame.Content, _ descriptor: Int32?) async {
    begin(frame.number, frame.properties)
    let view = descriptor.flatMap { try? MemoryView($0) }
    closeDescriptor(descriptor ?? -1)
    let message = StagedMessage()
    self.message = message
    guard var fields = Self.fields(frame, view) else { return fail(frame, .badEdit) }
    fields.added = frame.added
    message.setContent(fields, body: Body(view, from: frame.headerInMemory), size: Int(clamping: frame.bodySize))
    callNumber = frame.number
    let (stop, edits) = await seat.read(message, shadow: false, usesPool: nil)
    callNumber = 0
    connection.send(StageOutcome(stop, edits, at: seat.event), to: frame.number)
    if frame.isLast { endMessage() }
  }

  private func fail(_ frame: HostFrame.Content, _ failure: StageOutcome.Failure) {
    var outcome = StageOutcome(0, at: .header)
    outcome.failure = failure
    connection.send(outcome, to: frame.number)
  }

  private static func fields(_ frame: HostFrame.Content, _ view: MemoryView?) -> HeaderFields? {
    guard frame.headerInMemory > 0 else { return HeaderFields(frame.header, references: frame.references, next: frame.nextReference) }
    guard let view, frame.headerInMemory <= view.bytes.count else { return nil }
    let header = view.withBytes { Array($0[..<frame.headerInMemory]) }
    return HeaderFields(header, references: frame.references, next: frame.nextReference)
  }

  private func endMessage() {
    guard message != nil else { return }
    message = nil
    seat.messageEnded()
  }

  /// What follows the header in the memory that came with a frame.
  private final class Body: SteadyBytes {
    private let view: MemoryView?
    let bytes: UnsafeRawBufferPointer

    init(_ view: MemoryView?, from offset: Int) {
      self.view = view
      let all = view?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
      bytes = UnsafeRawBufferPointer(rebasing: all[min(offset, all.count)...])
    }
  }
}

extension WorkerSession: StageEnvironment {
  func property(_ key: String) -> [UInt8]? { message?.properties[key] ?? properties[key] }

  func properties(withPrefix prefix: String) -> [StageCall.Parameter] {
    properties.filter { $0.key.hasPrefix(prefix) }.map { StageCall.Parameter($0.key, $0.value) }
  }

  var fields: HeaderFields? { message.flatMap { $0.hasContent ? $0.fields : nil } }

  func content(from offset: UInt64) -> UnsafeRawBufferPointer? { message.flatMap { $0.hasContent ? $0.content(from: offset) : nil } }

  func completed(_ context: StageContext, _ verdict: Int32) { seat.completed(verdict) }

  /// May be called on the thread of a blocking call.
  func start(_ request: StageRequest, for context: StageContext) -> Bool {
    nonisolated(unsafe) let session = self
    nonisolated(unsafe) let request = request
    let loop = server.loop
    switch request.work {
    case .offload:
      request.isRunning = true
      guard let work = request.offloaded else { return false }
      let user = Borrowed(request.user)
      let (instance, number) = (server.instance, context.callNumber)
      return server.offloads.submit {
        instance.marked(number, RunningCalls.offload) { work(user.pointer) }
        loop.spawn { session.seat.ended(request, .ok) }
      }
    case .timer(let milliseconds):
      loop.spawn {
        if request.isCancelled { return }
        let timer = loop.timer { session.seat.ended(request, .ok) }
        request.stop = { loop.remove(timer) }
        loop.arm(timer, at: Instant.now() + .milliseconds(Int(milliseconds)))
      }
    case .names(let name, let type): loop.spawn { session.connection.request(.names(name, type: type), request, of: session) }
    case .lookUp(let table, let key): loop.spawn { session.connection.request(.lookUp(table: table, key: key), request, of: session) }
    }
    return true
  }
}

extension WorkerSession: SeatOwner {
  func perform(_ work: StageRequest.Work) async -> StageRequest.Answer { .failed(Status.unsupported) }

  func late(_ edits: [StageEdit], misbehaved: Bool, from seat: StageSeat) {
    guard slot >= 0 else { return }
    let frame = WorkerFrame.late(session: number, edits, misbehaved: misbehaved)
    connection.send(frame.encoded.count <= WorkerFrame.maximumSize ? frame : .late(session: number, [], misbehaved: true))
  }
}

extension WorkerSession: PostTarget {
  func deliver(_ id: UInt64, _ instance: ComponentInstance, _ body: @escaping (StageContext?) -> Void) {
    if slot >= 0 { seat.deliver(id, body) } else { body(nil) }
  }
}

extension StageOutcome {
  init(_ answer: StageAnswer, at event: StageEvent) {
    self.init(answer.verdict.rawValue | (answer.closes ? StageVerdict.closeFlag : 0), at: event)
    reply = answer.reply
    edits = answer.edits
    failure = answer.failure.map(Failure.init)
  }

  init(_ stop: ContentRunner.Stop, _ edits: [StageEdit], at event: StageEvent) {
    self.init(0, at: event)
    switch stop {
    case .finished(let verdict, let closes, let reply):
      self.verdict = verdict.rawValue | (closes ? StageVerdict.closeFlag : 0)
      self.reply = reply
      self.edits = edits
    case .pending: failure = .timedOut
    case .failed(let failure): self.failure = Failure(failure)
    }
  }
}

extension StageOutcome.Failure {
  init(_ failure: StageFailure) {
    switch failure {
    case .badVerdict(let raw): self = .badVerdict(raw)
    case .denied: self = .denied
    case .badEdit: self = .badEdit
    case .reported: self = .reported
    case .timedOut: self = .timedOut
    case .stuck, .died, .fenced: self = .stuck
    }
  }
}
