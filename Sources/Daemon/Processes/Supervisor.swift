// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// Starts the other processes, watches them, and replaces one that dies, over listeners that stay open all the while.
///
/// The processes of one configuration are a generation. A reload starts the next one beside it, and lets the old one drain once the new one is ready:
/// see Supervisor+Reload. It reads no byte from the network, runs no event loop, and waits for signals.
final class Supervisor {
  /// A process to keep running.
  struct Service: Sendable {
    let name: String
    let arguments: [String]
    /// What it finds as descriptors 3, 5, 6, ...; 4 is the wire of its heartbeat.
    let descriptors: [Int32]
    let identity: ChildProcess.Identity?
    var memory: ChildProcess.MemoryHabit?

    fileprivate func descriptors(with heartbeat: Int32) -> [Int32] {
      descriptors.prefix(1) + [heartbeat] + descriptors.dropFirst()
    }

    static let mta = "mta"
  }

  let deployments: Deployments
  let requests = ReloadRequests()
  let log: Log
  let manager: ServiceManager
  /// Oldest first; the one that serves, those that drain, one that starts.
  var generations: [Generation] = []
  var lastNumber = 0
  var reload: Reload?
  /// Asked for while another reload was going on.
  var waiting: [ReloadRequest] = []
  var toldReady = false
  private var lastToldAlive = Instant.distantPast
  private var lastLook = Instant.now()

  /// A service that dies at once is started again after this, then after twice as long, and so on.
  static let firstDelay = Duration.milliseconds(100)
  private static let maximumDelay = Duration.seconds(30)
  /// One that ran this long was all right: the next start does not wait.
  private static let provenAfter = Duration.seconds(10)
  private static let roundTime = Duration.seconds(10)
  /// As long as processes are starting or a reload goes on.
  private static let shortRoundTime = Duration.milliseconds(20)
  /// Sessions get this long to end when the daemon stops.
  static let patience = Duration.seconds(40)

  init(_ deployments: Deployments, log: Log, manager: ServiceManager) {
    self.deployments = deployments
    self.log = log
    self.manager = manager
  }

  var serving: Generation? { generations.last { $0.stage == .serving } }

  /// A process that has not told for this long that it works is replaced; zero for never.
  private var watchdog: Duration { deployments.current.setup.configuration[Keys.watchdogTimeout] }

  /// Runs until SIGTERM or SIGINT; answers the exit status.
  func run() throws -> Int32 {
    let first = try begin(deployments.current)
    first.stage = .serving
    while true {
      let signal = Signal.wait(timeout: roundTime)
      deployments.chore()
      listen()
      switch signal {
      case .terminate, .interrupt: return stop()
      case .hangUp:
        reopenLogs()
        waiting.append(ReloadRequest())
      case .user1: reopenLogs()
      default: break
      }
      waiting += requests.takeAll()
      watchTables()
      reap()
      startDue()
      endOverdue()
      advanceReload()
    }
  }

  private var roundTime: Duration {
    let watching = [manager.watchdog.map { $0 / 3 }, watchdog == .zero ? nil : watchdog / 3].compactMap(\.self).min() ?? Self.roundTime
    let isBusy = reload != nil || !waiting.isEmpty || generations.contains(where: \.isStarting)
    let looking = deployments.current.tables.isEmpty || tableInterval == .zero ? nil : tableInterval as Duration?
    return [Self.roundTime, timeToNextStart, timeToNextEnd, watching, looking, isBusy ? Self.shortRoundTime : nil].compactMap(\.self).min()
      ?? Self.roundTime
  }

  // MARK: Tables

  private var tableInterval: Duration { deployments.current.setup.configuration[Keys.tableCheckInterval] }

  /// Asks for a reload when tables have changed.
  private func watchTables() {
    let now = Instant.now()
    guard tableInterval != .zero, reload == nil, waiting.isEmpty, lastLook + tableInterval <= now else { return }
    lastLook = now
    switch deployments.current.tables.look() {
    case .nothing: break
    case .changed(let paths):
      log.info("master", "\(paths.joined(separator: ", ")): changed; reloading")
      waiting.append(ReloadRequest())
    case .held(let path):
      log.warning("master", "tables have changed, and so has \(path): both are taken up by `weir reload`")
    }
  }

  private func reopenLogs() {
    deployments.reopenLog()
    for generation in generations { generation.send(.user1) }
  }

  // MARK: Watching

  /// Takes the beats of the services, replaces one that has none, and tells the service manager how things are.
  private func listen() {
    for generation in generations {
      generation.listen()
      for index in generation.services.indices where !generation.services[index].isToldToEnd {
        if watchdog != .zero, let silence = generation.services[index].pulse?.silence, silence > watchdog {
          replace(generation, index, after: silence)
        }
      }
    }
    tellAlive()
    guard !toldReady, serving?.isReady == true else { return }
    toldReady = true
    manager.tell(.ready, .status("mail is being served"))
  }

  /// Not in every round: what else the service manager is to hear must have room.
  private func tellAlive() {
    guard let watchdog = manager.watchdog, lastToldAlive + watchdog / 4 <= .now() else { return }
    lastToldAlive = .now()
    manager.tell(.watchdog)
  }

  private func replace(_ generation: Generation, _ index: Int, after silence: Duration) {
    log.error("master", "\(generation.services[index].service.name) has not answered for \(silence.components.seconds) seconds: it is replaced")
    generation.services[index].process?.kill()
    // It is reaped in a later round, and must not be killed again until then.
    generation.services[index].pulse = nil
  }

  // MARK: Starting

  /// Starts the processes of a new generation.
  func begin(_ deployment: Deployment) throws -> Generation {
    lastNumber += 1
    let generation = try deployments.generation(lastNumber, of: deployment)
    generations.append(generation)
    for index in generation.services.indices { start(generation, index) }
    return generation
  }

  private func start(_ generation: Generation, _ index: Int) {
    let service = generation.services[index].service
    generation.services[index].startedAt = .now()
    do {
      let wire = try Heartbeat.wire()
      defer { closeDescriptor(wire.sender) }
      generation.services[index].pulse = Pulse(wire.listener)
      generation.services[index].process = try ChildProcess.start(
        deployments.program, service.arguments, descriptors: service.descriptors(with: wire.sender), as: service.identity,
        memory: service.memory)
    } catch {
      log.error("master", "\(service.name): \(error)")
      postpone(generation, index)
    }
  }

  private func startDue() {
    let now = Instant.now()
    for generation in generations {
      for index in generation.services.indices where generation.isDead(index) && generation.services[index].restartAt <= now {
        start(generation, index)
      }
    }
  }

  private var timeToNextStart: Duration? {
    let waiting = generations.flatMap { generation in
      generation.services.indices.filter(generation.isDead).map { generation.services[$0].restartAt }
    }
    return waiting.min().map { max(.milliseconds(1), $0 - .now()) }
  }

  private func reap() {
    while let ended = ChildProcess.reap() {
      if checkEnded(ended.pid, ended.status) { continue }
      for generation in generations {
        guard let index = generation.services.firstIndex(where: { $0.process?.pid == ended.pid }) else { continue }
        self.ended(generation, index, ended.status)
      }
    }
    for generation in generations { generation.endIfOver() }
    generations.removeAll { $0.stage != .serving && $0.isGone }
  }

  private func ended(_ generation: Generation, _ index: Int, _ status: Int32) {
    let running = generation.services[index]
    running.pulse?.listen()
    generation.services[index].process = nil
    let text = "\(running.service.name) process \(running.process?.pid ?? 0) \(Self.describe(status))"
    if generation.isKept(index) {
      log.warning("master", "\(text); starting another")
      postpone(generation, index)
    } else if generation.stage == .starting {
      log.error("master", "\(text) before it was ready\(running.pulse?.reason.map { ": \($0)" } ?? "")")
    } else if status == 0 {
      log.info("master", "generation \(generation.number): \(running.service.name) has ended")
    } else {
      log.warning("master", "generation \(generation.number): \(text)")
    }
    // What it has left in the queue is for the others.
    if running.service.name == Service.mta { serving?.tell(.hangUp, to: Service.mta) }
  }

  private func postpone(_ generation: Generation, _ index: Int) {
    let now = Instant.now()
    if generation.services[index].startedAt + Self.provenAfter <= now {
      generation.services[index].delay = Self.firstDelay
      generation.services[index].restartAt = now
    } else {
      generation.services[index].restartAt = now + generation.services[index].delay
      generation.services[index].delay = min(Self.maximumDelay, generation.services[index].delay * 2)
    }
  }

  static func describe(_ status: Int32) -> String {
    status >= 128 ? "was killed by signal \(status - 128)" : "ended with status \(status)"
  }

  // MARK: Ending

  /// Ends those that have drained for long enough.
  private func endOverdue() {
    let now = Instant.now()
    for generation in generations {
      switch generation.stage {
      case .draining(let deadline) where deadline <= now:
        log.info("master", "generation \(generation.number): its sessions are ended (reload_drain_timeout)")
        generation.end(by: now + Self.patience)
      case .ending(let deadline) where deadline <= now: generation.kill()
      default: break
      }
    }
  }

  private var timeToNextEnd: Duration? {
    let deadlines = generations.compactMap { generation -> Instant? in
      switch generation.stage {
      case .draining(let deadline), .ending(let deadline): deadline
      case .starting, .serving: nil
      }
    }
    return deadlines.min().map { max(.milliseconds(20), $0 - .now()) }
  }

  /// Ends the services: politely, and after a while not so. A second SIGINT cuts it short.
  private func stop() -> Int32 {
    log.info("master", "stopping")
    manager.tell(.stopping, .status("stopping"))
    giveUpReload("weir: the daemon is being stopped\n")
    for generation in generations { generation.send(.terminate) }
    let deadline = Instant.now() + Self.patience
    while generations.contains(where: { !$0.isGone }) {
      let left = deadline - .now()
      if left == .zero || Signal.wait(timeout: left) == .interrupt { for generation in generations { generation.kill() } }
      while let ended = ChildProcess.reap() {
        for generation in generations {
          for index in generation.services.indices where generation.services[index].process?.pid == ended.pid {
            generation.services[index].process = nil
          }
        }
      }
    }
    log.info("master", "stopped")
    log.flush()
    return 0
  }
}
