// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime
import Synchronization

/// A worker that has been started and has said what it is. Any thread.
final class WorkerProcess: Sendable {
  let number: Int
  let child: KeptWorker
  let running: RunningCalls
  let began = Instant.now()
  /// What it had used of the processors before its first call.
  private let usedToBegin: Duration
  private let control: Int32
  /// Outcomes that came from it.
  let answered = Atomic<Int>(0)
  /// It has been in one call for too long to be given others.
  let isStuck = Atomic<Bool>(false)
  /// It is to end as soon as it comes out of the call that it is in.
  let isRetired = Atomic<Bool>(false)
  let isEnding = Atomic<Bool>(false)
  /// The calls that it was sent, by all loops, and has not answered; and `alone`, where one loop has it to itself.
  private let use = Atomic<Int>(0)
  private static let alone = 1 << 32

  init(number: Int, child: KeptWorker, running: RunningCalls, control: Int32) {
    self.number = number
    self.child = child
    self.running = running
    self.control = control
    usedToBegin = child.processorTime
  }

  /// A call that has used so much of a processor is in a process that may spin. `used`: by the calls before it; `first`: by the first calls of the processes before it.
  func mostProcessorTime(used: Duration, first: Duration?) -> Duration {
    let count = answered.load(ordering: .relaxed)
    // The first ones may have much to make ready.
    guard count >= Self.firstCalls else { return first.map { min(max(.milliseconds(3), $0 * 2), .milliseconds(500)) } ?? .milliseconds(50) }
    return min(max(.milliseconds(3), (used - usedToBegin) / count * 8), .milliseconds(500))
  }

  /// One more outcome has come. Answers what the first ones have used of a processor, when that was the last of them.
  func countAnswer() -> Duration? {
    answered.wrappingAdd(1, ordering: .relaxed).newValue == Self.firstCalls ? child.processorTime - usedToBegin : nil
  }

  private static let firstCalls = 10

  // MARK: Who uses it

  var calls: Int { use.load(ordering: .sequentiallyConsistent) & (Self.alone - 1) }

  var isReserved: Bool { use.load(ordering: .relaxed) >= Self.alone }

  /// For one more call, which has to `leave`. False where a loop has it to itself: that is to be left at once.
  func enter() -> Bool { use.add(1, ordering: .sequentiallyConsistent).oldValue < Self.alone }

  /// For the one call of the loop that has it to itself; false while there are others.
  func enterAlone() -> Bool {
    use.compareExchange(expected: Self.alone, desired: Self.alone + 1, ordering: .sequentiallyConsistent).exchanged
  }

  /// Whether the loop that wants it to itself has it now.
  func leave() -> Bool { use.subtract(1, ordering: .sequentiallyConsistent).newValue == Self.alone }

  /// Nobody gives it another call until `release`; false where that is so already.
  func reserve() -> Bool {
    let (old, new) = use.bitwiseOr(Self.alone, ordering: .sequentiallyConsistent)
    return old != new
  }

  func release() { use.bitwiseAnd(Self.alone - 1, ordering: .sequentiallyConsistent) }

  deinit { closeDescriptor(control) }

  /// Lets it come to its end by itself, with destroy(); it is killed when it does not.
  func dismiss() { PacketSocket.end(control) }

  /// A connection for one more event loop; nil when there can be none.
  func connect() -> Int32? {
    guard let (ours, theirs) = try? PacketSocket.pair(size: Self.bufferSize) else { return nil }
    defer { closeDescriptor(theirs) }
    if (try? PacketSocket.send(HostFrame.connect.encoded, descriptor: theirs, to: control, timeout: .zero)) == true { return ours }
    closeDescriptor(ours)
    return nil
  }

  static let bufferSize = 512 * 1024
}

/// Starting one, which blocks: for a thread of its own.
struct WorkerStart: Sendable {
  /// The name of the stage, by which its keeper knows it.
  let stage: String
  let door: WorkerDoor
  /// What starts them, where it ends with the last who needs it.
  var nursery: WorkerNursery?
  /// From what the plugin says of itself to which component is meant, and with which options.
  let choose: @Sendable (PluginFacts) throws(PluginRefusal) -> (component: String, options: [StageSettings.Option])
  let log: PluginLog

  static let patience = Duration.seconds(30)

  struct Started: Sendable {
    let process: WorkerProcess
    let component: ComponentFacts
    let events: StageEvents
    let options: [StageSettings.Option]
  }

  func start(number: Int) throws(PluginRefusal) -> Started {
    do {
      return try begin(number)
    } catch let refusal as PluginRefusal {
      throw refusal
    } catch {
      throw .notLoadable("its worker process cannot be started: \(error)")
    }
  }

  private func begin(_ number: Int) throws -> Started {
    let (child, control, running) = try door.start(stage)
    let process = WorkerProcess(number: number, child: child, running: running, control: control)
    do {
      return try greet(process, control)
    } catch {
      child.kill()
      let status = child.ended(within: .seconds(1)) ?? 0
      if let error = error as? SystemError, status != Self.killed {
        throw PluginRefusal.notLoadable("\(Self.words(status)) while it was loaded (\(error.operation))")
      }
      throw error
    }
  }

  private func greet(_ process: WorkerProcess, _ control: Int32) throws -> Started {
    let deadline = Instant.now() + Self.patience
    guard case .loaded(let facts) = try next(process, control, deadline) else { throw FrameError("it sent another frame than what it has loaded") }
    let (name, options) = try choose(facts)
    guard let component = facts.components.first(where: { $0.name == name }) else { throw PluginRefusal.ambiguous(facts.components.map(\.name)) }
    try send(.create(component: name, options: options), control)
    guard case .ready(let events) = try next(process, control, deadline) else { throw FrameError("it sent another frame than that it is ready") }
    return Started(process: process, component: component, events: events.intersection(component.events), options: options)
  }

  private func send(_ frame: HostFrame, _ control: Int32) throws {
    guard try PacketSocket.send(frame.encoded, to: control, timeout: Self.patience) else { throw FrameError("it takes nothing") }
  }

  private func next(_ process: WorkerProcess, _ control: Int32, _ deadline: Instant) throws -> WorkerFrame {
    while true {
      guard let packet = try PacketSocket.receive(from: control, limit: WorkerFrame.maximumSize, timeout: deadline - .now()) else {
        throw PluginRefusal.notLoadable("it was not loaded within \(Self.patience.components.seconds) s")
      }
      closeDescriptor(packet.descriptor ?? -1)
      switch try packet.bytes.withUnsafeBytes({ try WorkerFrame(decoding: $0) }) {
      case .log(let level, let text, _): log(ComponentInstance.LogLevel(rawValue: level) ?? .info, text, nil)
      case .unprotected(let lack): if process.number == 0 { log(.warning, lack, nil) }
      case .refused(let reason): throw PluginRefusal.create(reason)
      case let frame: return frame
      }
    }
  }

  /// By SIGKILL: by us, or by the kernel when there is no memory.
  static let killed: Int32 = 128 + 9

  /// How a process ended.
  static func words(_ status: Int32) -> String {
    guard status > 128 else { return status == 0 ? "its process ended" : "its process ended with exit status \(status)" }
    let names: [Int32: String] = [
      4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM", 25: "SIGXFSZ", 31: "SIGSYS",
    ]
    let signal = status - 128
    return "its process died of signal \(signal)" + (names[signal].map { " (\($0))" } ?? "")
  }
}
