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

    /// A process that has not told that it is ready may not handle signals yet: one that is no end would end it.
    func send(_ signal: Signal) {
      if signal == .terminate || pulse?.lastBeat != nil { process?.send(signal) }
    }
  }

  let number: Int
  let deployment: Deployment
  private let mailbox: MailboxSocket?
  private let doors: [WorkerDoors]
  var services: [Running]
  var stage = Stage.starting

  init(_ number: Int, _ deployment: Deployment, _ services: [Supervisor.Service], _ mailbox: MailboxSocket?, _ doors: [WorkerDoors]) {
    self.mailbox = mailbox
    self.doors = doors
    self.number = number
    self.deployment = deployment
    self.services = services.map { Running(service: $0) }
  }

  var isReady: Bool { services.allSatisfy { $0.process != nil && $0.pulse?.lastBeat != nil } }
  var isGone: Bool { services.allSatisfy { $0.process == nil } }
  var isStarting: Bool { services.contains { $0.process != nil && $0.pulse?.lastBeat == nil } }
  /// It takes no connections any more.
  var hasClosed: Bool { mta.map { $0.process == nil || $0.isToldToEnd || $0.pulse?.hasClosed == true } ?? true }
  private var mta: Running? { services.first { $0.service.name == Supervisor.Service.mta } }

  /// Whether a process is replaced when it dies: all of those that serve, and what the sessions of one that drains need.
  func isKept(_ index: Int) -> Bool {
    switch stage {
    case .serving: true
    case .draining: services[index].service.name != Supervisor.Service.mta && mta?.process != nil
    case .starting, .ending: false
    }
  }

  func isDead(_ index: Int) -> Bool { services[index].process == nil && isKept(index) }

  func send(_ signal: Signal) { for running in services { running.send(signal) } }

  func kill() { for running in services { running.process?.kill() } }

  /// Lets the sessions go on and takes no more: the mta is told so, the others go on as long as it does.
  func drain(until deadline: Instant) {
    stage = .draining(until: deadline)
    for index in services.indices where services[index].service.name == Supervisor.Service.mta {
      if services[index].pulse?.lastBeat == nil { tellToEnd(index) } else { services[index].send(.user2) }
    }
  }

  func end(by deadline: Instant) {
    stage = .ending(deadline)
    for index in services.indices { tellToEnd(index) }
  }

  /// Once its mta is gone, a generation that drains is over.
  func endIfOver() {
    guard case .draining = stage, mta?.process == nil else { return }
    for index in services.indices where !services[index].isToldToEnd { tellToEnd(index) }
  }

  private func tellToEnd(_ index: Int) {
    services[index].send(.terminate)
    services[index].isToldToEnd = true
  }

  func listen() { for index in services.indices where services[index].process != nil { services[index].pulse?.listen() } }

  func tell(_ signal: Signal, to name: String) { services.first { $0.service.name == name }?.send(signal) }
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
