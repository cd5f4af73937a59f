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
    /// What it finds as descriptors 3, 4, ...
    package let descriptors: [Int32]
    package let identity: ChildProcess.Identity?

    package init(name: String, arguments: [String], descriptors: [Int32], identity: ChildProcess.Identity?) {
      self.name = name
      self.arguments = arguments
      self.descriptors = descriptors
      self.identity = identity
    }
  }

  private struct Running {
    let service: Service
    var process: ChildProcess?
    var startedAt = Instant.distantPast
    var restartAt = Instant.distantPast
    var delay = Supervisor.firstDelay
  }

  private let program: String
  private let log: Log
  private var services: [Running]
  private var stopping = false

  /// A service that dies at once is started again after this, then after twice as long, and so on.
  private static let firstDelay = Duration.milliseconds(100)
  private static let maximumDelay = Duration.seconds(30)
  /// One that ran this long was all right: the next start does not wait.
  private static let provenAfter = Duration.seconds(10)
  private static let roundTime = Duration.seconds(10)
  /// Sessions get this long to end when the daemon stops.
  private static let patience = Duration.seconds(40)

  package init(program: String, services: [Service], log: Log) {
    self.program = program
    self.log = log
    self.services = services.map { Running(service: $0) }
  }

  /// Runs until SIGTERM or SIGINT; answers the exit status. `chore` is called at the start of every round, ten seconds apart at most;
  /// `reopened` on SIGHUP, which the services get too.
  package func run(chore: () -> Void, reopened: () -> Void) -> Int32 {
    for index in services.indices { start(index) }
    while true {
      let signal = Signal.wait(timeout: min(Self.roundTime, timeToNextStart ?? Self.roundTime))
      chore()
      switch signal {
      case .terminate, .interrupt: return stop()
      case .hangUp:
        reopened()
        forward(.hangUp)
      default: break
      }
      reap()
      startDue()
    }
  }

  private func start(_ index: Int) {
    let service = services[index].service
    services[index].startedAt = .now()
    do {
      services[index].process = try ChildProcess.start(
        program, service.arguments, descriptors: service.descriptors, as: service.identity)
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
