// SPDX-License-Identifier: Apache-2.0
import Names
import Pipeline
import Runtime

/// What callbacks ask for.
extension ChainSession: StageEnvironment {
  package func property(_ key: String) -> [UInt8]? {
    message?.properties[key] ?? sessionProperties[key] ?? facts(key).map { Array($0.utf8) }
  }

  package func properties(withPrefix prefix: String) -> [StageCall.Parameter] {
    if sessionProperties.isEmpty, message?.propertyOrder.isEmpty ?? true { return [] }
    let keys = Set(sessionProperties.keys).union(message?.propertyOrder ?? []).filter { $0.hasPrefix(prefix) }
    return keys.sorted().compactMap { key in property(key).map { StageCall.Parameter(key, $0) } }
  }

  package var fields: HeaderFields? { message.flatMap { $0.hasContent ? $0.fields : nil } }

  package func content(from offset: UInt64) -> UnsafeRawBufferPointer? { message.flatMap { $0.hasContent ? $0.content(from: offset) : nil } }

  package func completed(_ context: StageContext, _ verdict: Int32) { seat(of: context)?.completed(verdict) }

  private func seat(of context: StageContext) -> LocalSeat? {
    for case let seat as LocalSeat in seats where seat.context === context { return seat }
    return nil
  }

  /// May be called on the thread of a blocking call.
  package func start(_ request: StageRequest, for context: StageContext) -> Bool {
    nonisolated(unsafe) let session = self
    nonisolated(unsafe) let request = request
    nonisolated(unsafe) let context = context
    if case .offload = request.work {
      request.isRunning = true
      guard let work = request.offloaded else { return false }
      let user = Borrowed(request.user)
      let loop = loop
      return chain.offloads.submit {
        work(user.pointer)
        loop.spawn { session.ended(request, .ok, for: context) }
      }
    }
    if case .timer(let milliseconds) = request.work {
      loop.spawn { session.arm(request, for: context, after: milliseconds) }
      return true
    }
    loop.spawn {
      let answer = await session.perform(request.work)
      session.ended(request, answer, for: context)
    }
    return true
  }

  /// No task waits for a timer: a session may end long before it is due.
  private func arm(_ request: StageRequest, for context: StageContext, after milliseconds: UInt32) {
    if request.isCancelled { return }
    let timer = loop.timer { self.ended(request, .ok, for: context) }
    request.stop = { [loop] in loop.remove(timer) }
    loop.arm(timer, at: Instant.now() + .milliseconds(Int(milliseconds)))
  }

  func perform(_ work: StageRequest.Work) async -> StageRequest.Answer {
    switch work {
    case .timer(let milliseconds):
      await loop.sleep(until: Instant.now() + .milliseconds(Int(milliseconds)))
      return .ok
    case .names(let name, let type): return await names.answer(name, type: type)
    case .lookUp(let table, let key): return await chain.lookUp(table, key)
    case .offload: return .ok
    }
  }

  private func ended(_ request: StageRequest, _ answer: StageRequest.Answer, for context: StageContext) {
    guard let seat = seat(of: context) else { return context.finished(request, answer) }
    seat.ended(request, answer)
  }
}

extension ChainSession: SeatOwner {
  func late(_ edits: [StageEdit], misbehaved: Bool, from seat: StageSeat) {
    guard slot >= 0, !seat.stage.settings.isShadow else { return }
    if misbehaved || !apply(edits, of: seat.stage) { seat.stage.failed(.denied, at: seat.event) }
  }
}

extension ChainSession: PostTarget {
  func deliver(_ id: UInt64, _ instance: ComponentInstance, _ body: @escaping (StageContext?) -> Void) {
    for case let seat as LocalSeat in seats where seat.context.instance === instance && slot >= 0 { return seat.deliver(id, body) }
    body(nil)
  }
}
