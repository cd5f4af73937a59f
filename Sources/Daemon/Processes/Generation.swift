// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The processes that serve one configuration.
final class Generation {
  enum Stage: Equatable {
    /// Not all of its processes have told that they are ready.
    case starting
    case serving
    /// It takes no connections any more. At that time its sessions are ended.
    case draining(until: Instant)
    /// It was told to end, and is killed at that time.
    case ending(Instant)
  }

  struct Running {
    let service: Supervisor.Service
    var process: ChildProcess?
    var pulse: Pulse?
    var startedAt = Instant.distantPast
    var restartAt = Instant.distantPast
    var delay = Supervisor.firstDelay
    /// SIGTERM was sent: it has stopped beating.
    var isToldToEnd = false
  }

  let number: Int
  let deployment: Deployment
  var services: [Running]
  var stage = Stage.starting

  init(_ number: Int, _ deployment: Deployment, _ services: [Supervisor.Service]) {
    self.number = number
    self.deployment = deployment
    self.services = services.map { Running(service: $0) }
  }

  var isReady: Bool { services.allSatisfy { $0.process != nil && $0.pulse?.lastBeat != nil } }
  var isGone: Bool { services.allSatisfy { $0.process == nil } }
  var isStarting: Bool { services.contains { $0.process != nil && $0.pulse?.lastBeat == nil } }
  /// Whether its processes are replaced when they die.
  var isKept: Bool { stage == .serving }
  /// No process of it takes connections.
  var hasClosed: Bool { services.allSatisfy { $0.process == nil || $0.isToldToEnd || $0.pulse?.hasClosed == true } }

  func send(_ signal: Signal) { for running in services { running.process?.send(signal) } }

  func kill() { for running in services { running.process?.kill() } }

  /// Lets the sessions go on and takes no more: the mta is told so, the others end when it no longer needs them.
  func drain(until deadline: Instant) {
    stage = .draining(until: deadline)
    for index in services.indices {
      services[index].process?.send(services[index].service.drain)
      if services[index].service.drain == .terminate { services[index].isToldToEnd = true }
    }
  }

  func end(by deadline: Instant) {
    stage = .ending(deadline)
    send(.terminate)
    for index in services.indices { services[index].isToldToEnd = true }
  }

  func listen() { for index in services.indices where services[index].process != nil { services[index].pulse?.listen() } }

  func process(of name: String) -> ChildProcess? { services.first { $0.service.name == name }?.process }
}

/// The heartbeat of one process, as the supervisor hears it.
final class Pulse {
  private let wire: Int32
  private(set) var lastBeat: Instant?
  private(set) var hasClosed = false
  /// Why it has ended.
  private(set) var reason: String?

  init(_ wire: Int32) { self.wire = wire }
  deinit { closeDescriptor(wire) }

  func listen() {
    let heard = Heartbeat.hear(on: wire)
    if heard.hasBeaten { lastBeat = .now() }
    if heard.hasClosed { hasClosed = true }
    if let told = heard.reason { reason = told }
  }

  /// Since the last beat; nil before the first, because a start may take long: a queue is read.
  var silence: Duration? { lastBeat.map { Instant.now() - $0 } }
}
