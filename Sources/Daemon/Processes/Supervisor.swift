// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Starts the other processes, watches them, and replaces one that dies, over listeners that stay open all the while.
///
/// It reads no byte from the network, runs no event loop, and has one thread beside the log's: it waits for signals.
package final class Supervisor {
  /// A process to keep running.
  package struct Service: Sendable {
    package let name: String
    package let arguments: [String]
    /// What it finds as descriptors 3, 5, 6, ...; 4 is the wire of its heartbeat.
    package let descriptors: [Int32]
    package let identity: ChildProcess.Identity?

    package init(name: String, arguments: [String], descriptors: [Int32], identity: ChildProcess.Identity?) {
      self.name = name
      self.arguments = arguments
      self.descriptors = descriptors
      self.identity = identity
    }

    fileprivate func descriptors(with heartbeat: Int32) -> [Int32] {
      descriptors.prefix(1) + [heartbeat] + descriptors.dropFirst()
    }
  }

  private struct Running {
    let service: Service
    var process: ChildProcess?
    var pulse: Pulse?
    var startedAt = Instant.distantPast
    var restartAt = Instant.distantPast
    var delay = Supervisor.firstDelay
  }

  private let program: String
  private let log: Log
  private let manager: ServiceManager
  /// A process that has not told for this long that it works is replaced; zero for never.
  private let watchdog: Duration
  private var services: [Running]
  private var toldReady = false

  /// A service that dies at once is started again after this, then after twice as long, and so on.
  private static let firstDelay = Duration.milliseconds(100)
  private static let maximumDelay = Duration.seconds(30)
  /// One that ran this long was all right: the next start does not wait.
  private static let provenAfter = Duration.seconds(10)
  private static let roundTime = Duration.seconds(10)
  /// As long as processes are starting.
  private static let startingRoundTime = Duration.milliseconds(20)
  /// Sessions get this long to end when the daemon stops.
  private static let patience = Duration.seconds(40)

  package init(program: String, services: [Service], log: Log, manager: ServiceManager = ServiceManager(), watchdog: Duration = .zero) {
    self.program = program
    self.log = log
    self.manager = manager
    self.watchdog = watchdog
    self.services = services.map { Running(service: $0) }
  }

  /// Runs until SIGTERM or SIGINT; answers the exit status. `chore` is called at the start of every round, ten seconds apart at most;
  /// `reopened` on SIGHUP and SIGUSR1, which the services get too.
  package func run(chore: () -> Void, reopened: () -> Void) -> Int32 {
    for index in services.indices { start(index) }
    while true {
      let signal = Signal.wait(timeout: roundTime)
      chore()
      listen()
      switch signal {
      case .terminate, .interrupt: return stop()
      case .hangUp:
        reopened()
        forward(.hangUp)
      case .user1:
        reopened()
        forward(.user1)
      default: break
      }
      reap()
      startDue()
    }
  }

  private var roundTime: Duration {
    let watching = [manager.watchdog.map { $0 / 3 }, watchdog == .zero ? nil : watchdog / 3].compactMap(\.self).min() ?? Self.roundTime
    let starting = services.contains { $0.process != nil && $0.pulse?.lastBeat == nil }
    return min(Self.roundTime, timeToNextStart ?? Self.roundTime, watching, starting ? Self.startingRoundTime : Self.roundTime)
  }

  // MARK: Watching

  /// Takes the beats of the services, replaces one that has none, and tells the service manager how things are.
  private func listen() {
    for index in services.indices where services[index].process != nil {
      services[index].pulse?.listen()
      if watchdog != .zero, let silence = services[index].pulse?.silence, silence > watchdog { replace(index, after: silence) }
    }
    manager.tell(.watchdog)
    guard !toldReady, services.allSatisfy({ $0.pulse?.lastBeat != nil }) else { return }
    toldReady = true
    manager.tell(.ready, .status("mail is being served"))
  }

  private func replace(_ index: Int, after silence: Duration) {
    log.error("master", "\(services[index].service.name) has not answered for \(silence.components.seconds) seconds: it is replaced")
    services[index].process?.kill()
    // It is reaped in a later round, and must not be killed again until then.
    services[index].pulse = nil
  }

  // MARK: Starting

  private func start(_ index: Int) {
    let service = services[index].service
    services[index].startedAt = .now()
    do {
      let wire = try Heartbeat.wire()
      defer { closeDescriptor(wire.sender) }
      services[index].pulse = Pulse(wire.listener)
      services[index].process = try ChildProcess.start(
        program, service.arguments, descriptors: service.descriptors(with: wire.sender), as: service.identity)
    } catch {
      log.error("master", "\(service.name): \(error)")
      postpone(index)
    }
  }

  private func startDue() {
    let now = Instant.now()
    for index in services.indices where services[index].process == nil && services[index].restartAt <= now { start(index) }
  }

  private var timeToNextStart: Duration? {
    let waiting = services.filter { $0.process == nil }.map(\.restartAt)
    return waiting.min().map { max(.milliseconds(1), $0 - .now()) }
  }

  private func reap() {
    while let ended = ChildProcess.reap() {
      guard let index = services.firstIndex(where: { $0.process?.pid == ended.pid }) else { continue }
      services[index].process = nil
      log.warning("master", "\(services[index].service.name) process \(ended.pid) \(Self.describe(ended.status)); starting another")
      postpone(index)
    }
  }

  private func postpone(_ index: Int) {
    let now = Instant.now()
    if services[index].startedAt + Self.provenAfter <= now {
      services[index].delay = Self.firstDelay
      services[index].restartAt = now
    } else {
      services[index].restartAt = now + services[index].delay
      services[index].delay = min(Self.maximumDelay, services[index].delay * 2)
    }
  }

  private static func describe(_ status: Int32) -> String {
    status >= 128 ? "was killed by signal \(status - 128)" : "ended with status \(status)"
  }

  private func forward(_ signal: Signal) {
    for running in services { running.process?.send(signal) }
  }

  /// Ends the services: politely, and after a while not so. A second SIGINT cuts it short.
  private func stop() -> Int32 {
    log.info("master", "stopping")
    manager.tell(.stopping, .status("stopping"))
    forward(.terminate)
    let deadline = Instant.now() + Self.patience
    while services.contains(where: { $0.process != nil }) {
      let left = deadline - .now()
      if left == .zero || Signal.wait(timeout: left) == .interrupt {
        for running in services { running.process?.kill() }
      }
      while let ended = ChildProcess.reap() {
        for index in services.indices where services[index].process?.pid == ended.pid { services[index].process = nil }
      }
    }
    log.info("master", "stopped")
    log.flush()
    return 0
  }
}

/// The heartbeat of one process, as the supervisor hears it.
private final class Pulse {
  private let wire: Int32
  private(set) var lastBeat: Instant?

  init(_ wire: Int32) { self.wire = wire }
  deinit { closeDescriptor(wire) }

  func listen() { if Heartbeat.wasHeard(on: wire) { lastBeat = .now() } }

  /// Since the last beat; nil before the first, because a start may take long: a queue is read.
  var silence: Duration? { lastBeat.map { Instant.now() - $0 } }
}
