// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// `weir worker`: a process that has loaded no plugin, and becomes a worker by fork whenever the mta asks for one. That takes less than half of the CPU time of a new
/// program, and nothing of the mta. It knows what the workers of each stage may load and open: the mta names a stage, and no file.
///
/// The mta asks at the door, a packet socket of which both have inherited an end: a packet is the name of a stage, and with it comes an end of a lifeline. On that
/// the keeper answers with the process id, the control socket and the page of the worker; and, when it has ended, with how. A worker lives no longer
/// than its lifeline, so it does not outlive the mta; nor than the keeper.
///
/// It has one thread, for the sake of fork, and waits for nothing but its poll.
package final class WorkerKeeper {
  private let door: Int32
  private let heartbeat: Int32?
  private let signals: Int32
  private let orders: [String: WorkerOrder]
  private let filters: SystemCallFilters
  /// Lifelines by process.
  private var living: [Int32: Int32] = [:]
  private var slow = SlowWorkers()
  private var end: Instant?

  /// Of all stages together. A stage has two dozen beyond `worker_processes` at most, and some that are about to end.
  private static let maximumWorkers = 2000
  private static let longestName = 1024
  /// The most that glibc allows: large pages are for heaps.
  private static let largestOfHeap = 32 << 20
  private static let interval = Duration.seconds(1)
  /// The mta may still have sessions when the daemon ends, and needs its workers as long.
  private static let patience = Duration.seconds(40)

  /// The whole life of the process: its exit status. It tells `heartbeat` that it works, if somebody wants to know.
  package static func run(orders: Int32, door: Int32, heartbeat: Int32? = nil) -> Int32 {
    do {
      try Signal.blockAll()
      Machine.limitHeaps()
      Machine.keepHeaps(largest: Self.largestOfHeap)
      Machine.forbidDumps()
      _ = Machine.raiseDescriptorLimit()
      try WorkerPractice.run()
      let list = try WorkerOrder.decode(try SealedMemory.read(orders))
      closeDescriptor(orders)
      let keeper = try WorkerKeeper(list, door, heartbeat, try Signal.descriptor())
      try keeper.serve()
      return 0
    } catch {
      if let heartbeat { Heartbeat.end("\(error)", on: heartbeat) }
      Terminal.writeError("weir: worker: \(error)\n")
      return 71
    }
  }

  private init(_ orders: [WorkerOrder], _ door: Int32, _ heartbeat: Int32?, _ signals: Int32) throws {
    filters = try SystemCallFilters()
    self.orders = Dictionary(orders.map { ($0.stage, $0) }, uniquingKeysWith: { first, _ in first })
    self.door = door
    self.heartbeat = heartbeat
    self.signals = signals
  }

  private func serve() throws {
    while end.map({ Instant.now() < $0 && !living.isEmpty }) ?? true {
      if let heartbeat { Heartbeat.beat(on: heartbeat) }
      let ready = try PacketSocket.ready([signals, door] + living.values, timeout: min(Self.interval, slow.turn(at: .now())))
      if ready.contains(door), !answerDoor() { return }
      for (pid, lifeline) in living where ready.contains(lifeline) { obey(lifeline, pid) }
      if ready.contains(signals) { takeSignals() }
    }
  }

  private func takeSignals() {
    while let signal = Signal.next(from: signals) {
      if signal == .terminate, end == nil { end = .now() + Self.patience }
    }
    // Several deaths are one signal.
    while let ended = ChildProcess.reap() {
      slow.remove(ended.pid)
      guard let lifeline = living.removeValue(forKey: ended.pid) else { continue }
      tell(.ended(status: ended.status), lifeline)
      closeDescriptor(lifeline)
    }
  }

  /// False at the end of the door: the mta has gone.
  private func answerDoor() -> Bool {
    guard let packet = try? PacketSocket.receive(from: door, limit: Self.longestName, timeout: .zero) else { return false }
    guard let lifeline = packet.descriptor else { return true }
    do {
      let name = String(decoding: packet.bytes, as: UTF8.self)
      guard let order = orders[name] else { throw FrameError("no worker is for a stage '\(name)'") }
      guard living.count < Self.maximumWorkers else { throw FrameError("there are \(Self.maximumWorkers) workers") }
      living[try start(order, lifeline)] = lifeline
    } catch {
      tell(.failed("\(error)"), lifeline)
      closeDescriptor(lifeline)
    }
    return true
  }

  private func start(_ order: WorkerOrder, _ lifeline: Int32) throws -> Int32 {
    let running = try RunningCalls()
    let (control, theirs) = try PacketSocket.pair(size: WorkerProcess.bufferSize)
    defer {
      closeDescriptor(control)
      closeDescriptor(theirs)
    }
    // The first frame that the worker finds, whatever the mta sends after it.
    _ = try PacketSocket.send(HostFrame.load(order).encoded, to: control, timeout: .zero)
    guard let pid = try ChildProcess.fork(descriptors: [theirs, running.descriptor]) else {
      Machine.exit(WorkerServer.run(named: order.stage, filters))
    }
    tell(.started(pid: pid), lifeline, descriptor: control)
    tell(.page, lifeline, descriptor: running.descriptor)
    return pid
  }

  private func obey(_ lifeline: Int32, _ pid: Int32) {
    let packet = try? PacketSocket.receive(from: lifeline, limit: KeeperFrame.maximumSize, timeout: .zero)
    closeDescriptor(packet?.descriptor ?? -1)
    let child = ChildProcess(pid: pid)
    switch packet?.bytes.first.flatMap(KeeperFrame.Request.init(rawValue:)) {
    case .yield:
      child.yieldToOthers()
      slow.add(pid, at: .now())
    case .kill: child.kill()
    case nil:
      child.kill()
      // Nobody wants to know how it ends.
      living[pid] = nil
      closeDescriptor(lifeline)
    }
  }

  private func tell(_ frame: KeeperFrame, _ lifeline: Int32, descriptor: Int32? = nil) {
    _ = try? PacketSocket.send(frame.encoded, descriptor: descriptor, to: lifeline, timeout: .zero)
  }
}
