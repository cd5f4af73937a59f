// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// A table whose component is in a worker process, as a stage's is: an event loop of its own asks it, a frame out and one back.
package final class TableWorkers: TableSource {
  /// As `weir plugins` shows it.
  package let stage: Stage
  package let takesParts: Bool
  package let keepsCase: Bool
  package let limit: Duration
  private let name: String
  private let loop: EventLoop
  private let log: PluginLog
  private let circuit = Circuit()
  private let waiting = Monitor(0)
  nonisolated(unsafe) private let seat: WorkerSeat

  private static let queue = 256
  /// The worker has its deadline; here is waited for what becomes of it.
  private static let grace = Duration.seconds(1)

  package init(_ settings: StageSettings, isLenient: Bool, door: WorkerDoor, nursery: WorkerNursery?, log: @escaping PluginLog) throws(PluginRefusal)
  {
    let fleet = try WorkerFleet(table: settings, isLenient: isLenient, door: door, nursery: nursery, log: log)
    let events = TableEvents(rawValue: fleet.events.rawValue)
    guard events.contains(.lookUp) else { throw .component(fleet.component.name, "does not ask for LOOKUP") }
    (takesParts, keepsCase) = (events.contains(.parts), fleet.component.keepsCase)
    (name, self.log) = (settings.name, log)
    limit = .milliseconds(settings.timeout) + Self.grace
    let stage = Stage(settings, fleet, log: log)
    self.stage = stage
    let made = Result { () throws(SystemError) in try EventLoop() }
    guard case .success(let loop) = made else { throw .notLoadable("there is no event loop for it") }
    self.loop = loop
    seat = WorkerSeat(stage, fleet.core, loop: loop, in: nil)
    do throws(SystemError) {
      try Thread(name: "table") { loop.run() }.detach()
    } catch {
      throw .notLoadable("\(error)")
    }
  }

  deinit {
    stage.dismiss()
    loop.stop()
  }

  package func begin(_ key: [UInt8], _ completion: @escaping @Sendable (TableAnswer) -> Void) -> TableCall? {
    let isTaken = waiting.withLock { count in
      guard count < Self.queue else { return false }
      count += 1
      return true
    }
    guard isTaken else {
      completion(.failure(.crowded))
      return nil
    }
    loop.spawn { [self] in
      let result = await seat.lookUp(key)
      waiting.withLock { $0 -= 1 }
      completion(counted(result.tableAnswer))
    }
    return nil
  }

  private func counted(_ answer: TableAnswer) -> TableAnswer {
    if case .failure = answer { stage.counters.failures.count() }
    if case .failure(.timedOut) = answer { stage.counters.timeouts.count() }
    return answer
  }

  package func late() -> TableAnswer { .failure(.timedOut(limit)) }

  package func told(_ answer: TableAnswer) -> TableAnswer {
    guard case .failure(let failure) = answer, let unsaid = circuit.mayTell(at: .now()) else { return answer }
    let more = unsaid == 0 ? "" : " (and \(unsaid) more failures since the last such line)"
    log(.warning, "\(name): table lookup problem: \(failure)\(more)", nil)
    return answer
  }
}

extension Result<StageOutcome, StageFailure> {
  fileprivate var tableAnswer: TableAnswer {
    switch self {
    case .success(let outcome): outcome.tableAnswer
    case .failure(.timedOut(let milliseconds)): .failure(.timedOut(.milliseconds(milliseconds)))
    case .failure(.died(let how)): .failure(.died(how))
    case .failure(.fenced): .failure(.fenced)
    case .failure(let other): .failure(.misbehaved("\(other)"))
    }
  }
}

extension StageOutcome {
  private static let valueKey = "table.value"

  /// As it travels.
  init(_ answer: TableAnswer) {
    switch answer {
    case .value(let text):
      self.init(Int32(WEIR_DONE), at: .connect)
      edits = [.property(.session, key: Self.valueKey, value: Array(text.utf8))]
    case .none: self.init(Int32(WEIR_CONTINUE), at: .connect)
    case .failure(.refused): self.init(Int32(WEIR_TEMPFAIL), at: .connect)
    case .failure:
      self.init(Int32(WEIR_TEMPFAIL), at: .connect)
      failure = .reported
    }
  }

  /// The worker may lie: it is held to what an answer can be.
  fileprivate var tableAnswer: TableAnswer {
    if failure != nil { return .failure(.misbehaved("has failed, or done what a table may not")) }
    switch (verdict, edits.first, edits.count) {
    case (Int32(WEIR_CONTINUE), nil, 0): return .none
    case (Int32(WEIR_TEMPFAIL), nil, 0): return .failure(.refused)
    case (Int32(WEIR_DONE), .property(_, Self.valueKey, let value)?, 1)
    where !value.isEmpty && value.count <= AnswerTable.maximumValue && !value.contains(0):
      return .value(String(decoding: value, as: UTF8.self))
    default: return .failure(.misbehaved("sent what is no answer"))
    }
  }
}
