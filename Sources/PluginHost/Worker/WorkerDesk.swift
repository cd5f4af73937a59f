// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// What one event loop has asked of the workers of a stage: gives each call to a process, and to another when that dies of something else.
/// On the loop's thread, but for what says otherwise.
final class WorkerDesk: @unchecked Sendable {
  let core: WorkerCore
  let loop: EventLoop
  private var links: [WorkerLink] = []
  private var queue = CallQueue()
  /// To be asked again one after the other, each alone with a process: so that the guilty one is found, and the others are asked again only once.
  private var suspects = CallQueue()
  private var suspect: OutCall?
  /// The process that this loop has to itself, for its suspects.
  private var reserved: WorkerLink?
  private var seats: [UInt64: WorkerSeat] = [:]
  private var lastSession: UInt64 = 0
  private var lastCall: UInt64
  private var isStopped = false

  /// How often a call is sent to one more process after others died of something else.
  private static let maximumReplays = 8
  /// For a process: as long as the back-off after deaths at its longest, even where the stage itself must be faster.
  private static let maximumWait = Duration.seconds(30)
  /// A pending event is answered by the worker at its deadline; here so much later.
  private static let grace = Duration.milliseconds(25)

  init(_ core: WorkerCore, _ loop: EventLoop, number: Int) {
    self.core = core
    self.loop = loop
    // No two loops give the same number: the mark of a running call must say whose it is.
    lastCall = UInt64(number) << 48
  }

  func add(_ seat: WorkerSeat) -> UInt64 {
    lastSession += 1
    seats[lastSession] = seat
    return lastSession
  }

  /// Also for reports, which nobody answers: so that it is known what runs when they do harm.
  func nextNumber() -> UInt64 {
    lastCall += 1
    return lastCall
  }

  func remove(_ session: UInt64) { seats[session] = nil }

  func seat(_ session: UInt64, on link: WorkerLink) -> WorkerSeat? {
    guard let seat = seats[session], seat.link === link else { return nil }
    return seat
  }

  var hasOthers: Bool { links.count > core.wanted }

  func hasAnother(than link: WorkerLink) -> Bool { links.contains { $0 !== link && $0.isUsable && !$0.isFull } }

  // MARK: Asking

  func perform(_ call: OutCall) async -> Result<StageOutcome, StageFailure> {
    call.number = nextNumber()
    let timer = loop.timer { [weak self] in self?.deadline(call) }
    call.timer = timer
    dispatch(call)
    let result = await call.outcome()
    loop.remove(timer)
    call.timer = nil
    return result
  }

  var timeout: Duration { .milliseconds(core.settings.timeout) }

  private func dispatch(_ call: OutCall) {
    guard !call.isOver else { return }
    if isStopped || core.isFenced(at: loop.now) { return call.end(.failure(.fenced)) }
    if call.isSuspect {
      wait(call)
      if call !== suspect { suspects.append(call) }
      return askSuspect()
    }
    guard let link = link(for: call.seat), link.enter() else {
      wait(call)
      return queue.append(call)
    }
    send(call, on: link)
  }

  private func wait(_ call: OutCall) {
    call.waitsSince = call.waitsSince ?? loop.now
    if let timer = call.timer, let since = call.waitsSince { loop.arm(timer, at: since + max(timeout, Self.maximumWait)) }
  }

  private func send(_ call: OutCall, on link: WorkerLink) {
    // The time of the stage is what its component has: one that was sent to another worker has it again.
    call.waitsSince = nil
    if let timer = call.timer {
      loop.disarm(timer)
      loop.arm(timer, at: loop.now + timeout)
    }
    call.seat.move(to: link, number: call.number)
    link.send(call)
  }

  /// The next one, once a process has nothing else to do.
  private func askSuspect() {
    if suspect?.isOver != false { suspect = suspects.popFirst() }
    guard let suspect else { return release() }
    guard suspect.link == nil else { return }
    if !links.contains(where: \.isUsable) { connect() }
    reserve()
    if let reserved, reserved.process.enterAlone() { send(suspect, on: reserved) }
  }

  /// The process with the least to do goes on with that, and gets no more, of no loop.
  private func reserve() {
    if let reserved, !reserved.isUsable { release() }
    if let reserved, reserved.process.calls == 0 { return }
    let best = links.filter { $0.isUsable && !$0.isFull }.min { $0.process.calls < $1.process.calls }
    guard let best, reserved == nil || best.process.calls == 0, best.process.reserve() else { return }
    release()
    reserved = best
  }

  private func release() {
    guard let reserved else { return }
    self.reserved = nil
    reserved.process.release()
    core.poke(allBut: self)
  }

  /// The one that knows the session, or the one with the least to do; nil when there is none that has room.
  func link(for seat: WorkerSeat) -> WorkerLink? {
    if let link = seat.link, link.isUsable { return link.isFull ? nil : link }
    if !links.contains(where: \.isUsable) { connect() }
    return links.filter { $0.isUsable && !$0.isFull }.min { $0.calls.count < $1.calls.count }
  }

  /// Reports wait for no room: nobody waits for them.
  func linkForReport() -> WorkerLink? {
    if !links.contains(where: \.isUsable) { connect() }
    return links.filter(\.isUsable).min { $0.calls.count < $1.calls.count }
  }

  /// A link whose process has ended stays until that has been buried: what was asked there goes on then.
  private func connect() {
    for process in core.available where !links.contains(where: { $0.process === process }) {
      guard let link = WorkerLink(process, self), link.start() else { continue }
      links.append(link)
    }
  }

  func ended(_ call: OutCall, _ result: Result<StageOutcome, StageFailure>) {
    call.end(result)
    hasRoom()
  }

  /// Those that wait get their turn, as far as there is room.
  func hasRoom() {
    askSuspect()
    var rounds = queue.count
    while rounds > 0, links.contains(where: { $0.isUsable && !$0.isFull }), let call = queue.popFirst() {
      rounds -= 1
      dispatch(call)
    }
  }

  private func deadline(_ call: OutCall) {
    if call.isPending, !call.hadGrace, let timer = call.timer {
      call.hadGrace = true
      return loop.arm(timer, at: loop.now + Self.grace)
    }
    if let link = call.link {
      // What it waits behind is to blame, and it is asked again.
      if !call.isPending, let other = link.reportThatHangs { return link.end(other) }
      let isRunning = link.process.running.all.contains { $0.number == call.number }
      let isPending = call.isPending
      link.forget(call)
      if isRunning || !isPending && link.isSilent(for: timeout) {
        core.end(
          link.process, reason: "its process did not come back from \(core.name(of: call.event)) within \(core.settings.timeout) ms and was killed",
          blame: .these([call.number]))
      }
    }
    ended(call, .failure(.timedOut(milliseconds: core.settings.timeout)))
  }

  // MARK: What becomes of processes; called from any thread

  func rescue(_ process: WorkerProcess) {
    loop.spawn { [self] in
      guard let link = links.first(where: { $0.process === process }) else { return }
      for call in link.takeWaiting() { dispatch(call) }
    }
  }

  func gotRoom() { loop.spawn { [self] in hasRoom() } }

  func gotProcess() {
    loop.spawn { [self] in
      connect()
      hasRoom()
    }
  }

  /// `isAlone`: it had one call, of all loops.
  func processDied(_ process: WorkerProcess, _ failure: StageFailure, _ blame: Blame, isAlone: Bool, isQuiet: Bool) {
    loop.spawn { [self] in
      guard let link = links.first(where: { $0.process === process }) else { return }
      let calls = link.takeAll()
      link.close()
      links.removeAll { $0 === link }
      for call in calls.sorted(by: { $0.number < $1.number }) {
        call.replays += isQuiet ? 0 : 1
        if !blame.isKnown { call.isSuspect = true }
        if blame.meets(call.number) || !blame.isKnown && isAlone || call.replays > Self.maximumReplays {
          call.end(.failure(failure))
        } else {
          dispatch(call)
        }
      }
      connect()
      hasRoom()
    }
  }

  func wasFenced() {
    loop.spawn { [self] in
      endWaiting()
    }
  }

  private func endWaiting() {
    if let suspect, suspect.link == nil { suspect.end(.failure(.fenced)) }
    while let call = suspects.popFirst() ?? queue.popFirst() { call.end(.failure(.fenced)) }
  }

  func stopped() {
    loop.spawn { [self] in
      isStopped = true
      for link in links {
        for call in link.takeAll() { call.end(.failure(.fenced)) }
        link.close()
      }
      links = []
      endWaiting()
    }
  }
}

/// Whom the end of a process is set down to.
enum Blame: Sendable, Equatable {
  case these([UInt64])
  /// What it ran when it died, as far as that can be told; otherwise as `nobodyKnows`.
  case whatRan
  /// Any call that it had not answered: each is asked again alone.
  case nobodyKnows

  var isKnown: Bool { if case .these = self { true } else { false } }

  func meets(_ call: UInt64) -> Bool { if case .these(let guilty) = self { guilty.contains(call) } else { false } }
}

/// Calls that wait for a process, in order. Those that have ended in the meantime are passed over.
struct CallQueue {
  private var calls: [OutCall] = []
  private var head = 0

  var count: Int { calls.count - head }

  mutating func append(_ call: OutCall) { calls.append(call) }

  mutating func popFirst() -> OutCall? {
    while head < calls.count {
      let call = calls[head]
      head += 1
      if head > 64, head * 2 > calls.count {
        calls.removeFirst(head)
        head = 0
      }
      if !call.isOver { return call }
    }
    calls.removeAll(keepingCapacity: true)
    head = 0
    return nil
  }
}
