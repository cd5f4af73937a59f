// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// A reload that is going on.
///
/// checking: a process reads and checks the configuration. starting: the new generation begins to serve, beside the old one. switching: the old one was
/// told to drain, and has not said yet that it takes no more connections.
struct Reload {
  enum Step {
    case checking(ReloadCheck)
    case starting(Generation)
    case switching(Generation, from: Generation)
  }

  /// Who waits for it.
  let requests: [ReloadRequest]
  var step: Step
  var deadline: Instant
  /// What the check has said: warnings.
  var notes = ""
}

extension Supervisor {
  /// Longer takes no sound configuration, however big its tables are.
  private static let checkPatience = Duration.seconds(120)
  /// A process that is not ready by then will not be.
  private static let startPatience = Duration.seconds(120)
  private static let switchPatience = Duration.seconds(10)
  /// So many generations drain side by side; of more, the oldest is ended.
  private static let mostDraining = 16

  func advanceReload() {
    guard let reload else { return beginReload() }
    let isLate = reload.deadline <= .now()
    switch reload.step {
    case .checking(let check):
      guard isLate else { return }
      check.process.kill()
      fail("weir: the check of the configuration has not ended within \(Self.checkPatience.components.seconds) seconds\n")
    case .starting(let generation):
      if generation.isReady { return switchOver(to: generation) }
      let dead = generation.services.first { $0.process == nil }
      guard isLate || dead != nil else { return }
      abandon(generation, dead)
    case .switching(let generation, let old):
      if isLate || old.hasClosed { succeed(generation, old) }
    }
  }

  private func beginReload() {
    guard !waiting.isEmpty else { return }
    let requests = waiting
    waiting = []
    manager.tell(.reloading, .status("reading the configuration"))
    do throws(SystemError) {
      reload = Reload(requests: requests, step: .checking(try deployments.startCheck()), deadline: .now() + Self.checkPatience)
    } catch {
      reload = nil
      finish(requests, QueueAnswer(status: ExitStatus.systemError, text: "weir: \(error)\n"))
    }
  }

  /// Whether the process was the check.
  func checkEnded(_ pid: Int32, _ status: Int32) -> Bool {
    guard case .checking(let check)? = reload?.step, check.process.pid == pid else { return false }
    let text = check.text
    if status == ExitStatus.success {
      start(check, text)
    } else if !text.isEmpty, status < 128 {
      fail(text, status: status)
    } else {
      fail("\(text)weir: the check of the configuration \(Self.describe(status))\n")
    }
    return true
  }

  private func start(_ check: ReloadCheck, _ notes: String) {
    do {
      let deployment = try deployments.open(check)
      do {
        reload?.step = .starting(try begin(deployment))
        reload?.deadline = .now() + Self.startPatience
        reload?.notes = notes
      } catch {
        deployments.discard(deployment)
        throw error
      }
    } catch {
      let status = error is ReloadRefusal ? ExitStatus.configuration : ExitStatus.systemError
      fail("\(notes)weir: \(error)\n", status: status)
    }
  }

  /// The new generation does not come up: the old one has served all the while, and goes on.
  private func abandon(_ generation: Generation, _ dead: Generation.Running?) {
    let reason = dead.map { "\($0.service.name) of the new generation has ended\($0.pulse?.reason.map { ": \($0)" } ?? "")" }
    generation.stage = .ending(.now())
    generation.kill()
    deployments.discard(generation.deployment)
    fail("weir: \(reason ?? "the new generation is not ready after \(Self.startPatience.components.seconds) seconds")\n")
  }

  private func switchOver(to generation: Generation) {
    guard let old = serving else { return }
    generation.stage = .serving
    deployments.use(generation.deployment)
    old.drain(until: .now() + generation.deployment.setup.configuration[Keys.reloadDrainTimeout])
    reload?.step = .switching(generation, from: old)
    reload?.deadline = .now() + Self.switchPatience
    let draining = generations.filter { if case .draining = $0.stage { true } else { false } }
    for surplus in draining.dropLast(Self.mostDraining) {
      log.warning("master", "generation \(surplus.number): its sessions are ended: \(draining.count) generations drain")
      surplus.end(by: .now() + Self.patience)
    }
  }

  private func succeed(_ generation: Generation, _ old: Generation) {
    let added = ListeningSockets.missing(generation.deployment.sockets, in: old.deployment.sockets).map { "listening on \($0.text)" }
    let removed = ListeningSockets.missing(old.deployment.sockets, in: generation.deployment.sockets).map { "no longer listening on \($0.text)" }
    for line in added + removed { log.info("master", line) }
    let text =
      "\(generation.deployment.setup.name): loaded; generation \(generation.number) serves, generation \(old.number) goes on with its sessions"
    log.info("master", text)
    let requests = reload?.requests ?? []
    let notes = reload?.notes ?? ""
    reload = nil
    finish(requests, QueueAnswer(text: notes + (["weir: " + text] + added + removed).map { $0 + "\n" }.joined()))
  }

  private func fail(_ text: String, status: Int32 = ExitStatus.systemError) {
    let words = text + "weir: nothing was reloaded: the old configuration stays\n"
    for line in words.split(separator: "\n").prefix(Self.mostLogged) where !line.hasPrefix(" ") { log.error("master", String(line)) }
    let requests = reload?.requests ?? []
    reload = nil
    finish(requests, QueueAnswer(status: status, text: words))
  }

  private static let mostLogged = 40

  private func finish(_ requests: [ReloadRequest], _ answer: QueueAnswer) {
    manager.tell(.ready, .status("mail is being served"))
    for request in requests { request.answer(answer) }
  }

  /// The daemon stops.
  func giveUpReload(_ text: String) {
    if case .checking(let check)? = reload?.step { check.process.kill() }
    for request in (reload?.requests ?? []) + waiting + requests.takeAll() {
      request.answer(QueueAnswer(status: ExitStatus.unavailable, text: text))
    }
    reload = nil
    waiting = []
  }
}
