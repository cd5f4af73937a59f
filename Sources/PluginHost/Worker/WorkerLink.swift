// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// One event loop's connection to one worker. On the loop's thread.
final class WorkerLink {
  let process: WorkerProcess
  private unowned let desk: WorkerDesk
  private let channel: PacketChannel
  private(set) var calls: [UInt64: OutCall] = [:]
  private(set) var isOpen = true
  private var isGarbled = false
  private var lastAnswer: Instant
  private var watch: LoopTimer?
  private var isWatching = false
  /// The calls that run, since when.
  private var seen: [UInt64: Instant] = [:]
  /// The one of them on the thread of a component that does not block, and what the process had used of the processors when it was first seen.
  private var foremost: (call: UInt64, used: Duration) = (0, .zero)
  /// What the process had used when it was last looked at, and whether that was the same as the time before.
  private var lastUsed = Duration.zero
  private var isStill = false
  private var openRequests = 0
  /// What has come of outcomes in pieces.
  private var pieces = 0

  /// So many may be on their way; more wait here, where they can still be given to another.
  static let window = 16
  private static let watchInterval = Duration.milliseconds(2)
  /// Where there has been trouble, and so another process is ready: each moment that a call is left alone is a moment that the calls behind it wait.
  private static let closeInterval = Duration.milliseconds(1)
  /// A component that does not block and is so long in one call is not given others until it comes back; sooner where another process has time for them.
  private static let patience = Duration.milliseconds(30)
  private static let shortPatience = Duration.milliseconds(4)
  /// One that is left alone until its call has ended, or has come to its deadline.
  private static let idleInterval = Duration.milliseconds(40)
  private static let maximumRequests = 10_000

  init?(_ process: WorkerProcess, _ desk: WorkerDesk) {
    guard let descriptor = process.connect() else { return nil }
    self.process = process
    self.desk = desk
    lastAnswer = .now()
    channel = PacketChannel(descriptor, on: desk.loop, limit: WorkerFrame.maximumSize)
  }

  func start() -> Bool {
    nonisolated(unsafe) let link = self
    do throws(SystemError) {
      try channel.start(
        received: { bytes, descriptor in
          closeDescriptor(descriptor ?? -1)
          link.received(bytes)
        }, ended: { link.ended() })
    } catch {
      return false
    }
    watch = desk.loop.timer { [weak self] in self?.look() }
    return true
  }

  var isUsable: Bool { isOpen && !process.isStuck.load(ordering: .relaxed) && !process.isEnding.load(ordering: .relaxed) }

  var isFull: Bool { process.isReserved || calls.count - pendingCalls >= Self.window }
  private(set) var pendingCalls = 0

  // MARK: Sending

  func send(_ frame: HostFrame) { channel.send(frame.encoded) }

  /// After `enter`, or the process's `enterAlone`.
  func send(_ call: OutCall) {
    guard let (frame, descriptor) = call.made() else { return refuse(call, .stuck) }
    let bytes = frame.encoded
    guard bytes.count <= HostFrame.maximumSize else {
      closeDescriptor(descriptor)
      return refuse(call, .denied)
    }
    if calls.isEmpty { lastAnswer = desk.loop.now }
    call.link = self
    calls[call.number] = call
    channel.send(bytes, descriptor: descriptor)
    watchOn()
  }

  /// Whether it may have one more call now.
  func enter() -> Bool {
    if process.enter() { return true }
    leave()
    return false
  }

  private func refuse(_ call: OutCall, _ failure: StageFailure) {
    leave()
    call.end(.failure(failure))
  }

  private func leave() {
    if process.leave() { desk.core.poke(allBut: desk) }
  }

  private func watchOn() {
    guard !isWatching, let watch else { return }
    isWatching = true
    desk.loop.arm(watch, at: desk.loop.now + (isLeftAlone ? Self.idleInterval : desk.hasOthers ? Self.closeInterval : Self.watchInterval))
  }

  /// What stands still, or has no processor to itself, need not be looked at soon.
  private var isLeftAlone: Bool { process.isStuck.load(ordering: .relaxed) && (isStill || process.isRetired.load(ordering: .relaxed)) }

  /// A report was sent: nobody waits for it, but others must not wait behind it for ever.
  func watchReport() { watchOn() }

  /// It is not waited for here any more.
  func forget(_ call: OutCall) {
    guard calls.removeValue(forKey: call.number) != nil else { return }
    leave()
    if call.isPending { pendingCalls -= 1 }
    call.isPending = false
    pieces -= call.pieces.count
    call.pieces = []
    call.link = nil
  }

  /// Has nothing been heard for as long as a call may take?
  func isSilent(for timeout: Duration) -> Bool { lastAnswer + timeout <= Instant.now() }

  // MARK: Looking after it

  private func look() {
    isWatching = false
    guard isOpen else { return }
    let now = desk.loop.now
    let running = process.running.all.filter { !$0.isOffload }
    seen = Dictionary(running.map { ($0.number, seen[$0.number] ?? now) }, uniquingKeysWith: { first, _ in first })
    if let report = reportThatHangs { return end(report) }
    guard !calls.isEmpty || !running.isEmpty else { return }
    // Tables are asked on threads that may block.
    if !desk.core.component.isBlocking, !desk.core.settings.isTable { lookAtForemost(now) }
    watchOn()
  }

  private func lookAtForemost(_ now: Instant) {
    let running = process.running.first
    guard let since = seen[running] else { return }
    let used = process.child.processorTime
    isStill = used == lastUsed
    lastUsed = used
    if running != foremost.call { foremost = (running, used) }
    if !process.isRetired.load(ordering: .relaxed), used - foremost.used >= most(foremost.used) {
      desk.core.becameStuck(process)
      desk.core.retire(process)
    } else if since + Self.patience <= now || since + Self.shortPatience <= now && desk.hasAnother(than: self) {
      desk.core.becameStuck(process)
    }
  }

  private func most(_ used: Duration) -> Duration { process.mostProcessorTime(used: used, first: desk.core.firstCalls) }

  /// What runs there for longer than it may and is nothing that is waited for here: a report, what a callback does, or what frees state.
  /// A call of another loop has come to its deadline there before.
  var reportThatHangs: RunningCalls.Call? {
    let now = desk.loop.now
    return process.running.all.first { running in
      !running.isOffload && calls[running.number] == nil && seen[running.number].map { $0 + desk.timeout <= now } ?? false
    }
  }

  func end(_ hanging: RunningCalls.Call) {
    let event = hanging.event.map { "after \(desk.core.name(of: $0))" } ?? "a callback"
    desk.core.end(
      process, reason: "its process did not come back from what it did \(event) within \(desk.core.settings.timeout) ms and was killed",
      blame: .these([hanging.number]))
  }

  /// Its calls that have not begun, for another to take.
  func takeWaiting() -> [OutCall] {
    let running = Set(process.running.all.map(\.number))
    let waiting = calls.values.filter { !$0.isPending && !running.contains($0.number) }
    for call in waiting { forget(call) }
    return waiting
  }

  /// All that it was asked and has not answered.
  func takeAll() -> [OutCall] {
    let all = Array(calls.values)
    for call in all { forget(call) }
    return all
  }

  func close() {
    isOpen = false
    channel.close()
    if let watch { desk.loop.remove(watch) }
    watch = nil
  }

  private func ended() {
    isOpen = false
    desk.core.end(process, reason: nil, blame: .whatRan)
  }

  // MARK: What comes from it

  private func received(_ bytes: UnsafeRawBufferPointer) {
    // Whoever has sent nonsense is not heard any more.
    guard !isGarbled else { return }
    do throws(FrameError) {
      try take(try WorkerFrame(decoding: bytes))
    } catch {
      garbage(error)
    }
  }

  /// The call in which that was written may have come back in the meantime.
  private func garbage(_ error: FrameError) {
    isGarbled = true
    desk.core.end(process, reason: "it sent what is no frame (\(error)) and was killed", blame: .nobodyKnows)
  }

  private func take(_ frame: WorkerFrame) throws(FrameError) {
    switch frame {
    case .piece(let number, let bytes):
      guard let call = calls[number] else { return }
      pieces += bytes.count
      guard pieces <= WorkerFrame.maximumOutcome else { throw FrameError("an outcome without end") }
      call.pieces += bytes
    case .outcome(let number, let bytes): try outcome(number, bytes)
    case .pending(let number):
      guard let call = calls[number], !call.isPending else { return }
      call.isPending = true
      pendingCalls += 1
      desk.hasRoom()
    case .request(let number, let session, let work):
      guard openRequests < Self.maximumRequests else { throw FrameError("requests without end") }
      request(number, session, work)
    case .late(let session, let edits, let misbehaved): desk.seat(session, on: self)?.late(edits, misbehaved: misbehaved)
    case .log(let level, let text, let queueID): desk.core.tell(level, text, queueID)
    case .counted(let stale, let denied, let metrics): desk.core.count(stale: stale, denied: denied, metrics)
    case .loaded, .refused, .ready, .unprotected: throw FrameError("a frame that is not for now")
    }
  }

  private func outcome(_ number: UInt64, _ bytes: [UInt8]) throws(FrameError) {
    lastAnswer = desk.loop.now
    // Not for what it answered before the call in which it is stuck.
    let running = process.running.first
    if running == 0 || seen[running] == nil { cameBack() }
    // One that was given to another in the meantime, or whose time is over.
    guard let call = calls[number] else { return }
    let outcome = try StageOutcome(decoding: call.pieces.isEmpty ? bytes : call.pieces + bytes)
    if let used = process.countAnswer() { desk.core.noteFirstCalls(used) }
    desk.core.answered.count()
    forget(call)
    desk.ended(call, .success(outcome))
  }

  private func cameBack() {
    process.isStuck.store(false, ordering: .releasing)
    if process.isRetired.load(ordering: .relaxed) { desk.core.renew(process) }
  }

  private func request(_ number: UInt64, _ session: UInt64, _ work: WorkerFrame.Work) {
    guard let seat = desk.seat(session, on: self) else { return send(.answer(request: number, .failed(Status.cancelled))) }
    openRequests += 1
    nonisolated(unsafe) let link = self
    nonisolated(unsafe) let asking = seat
    desk.loop.spawn {
      let answer = await asking.perform(work)
      link.openRequests -= 1
      guard link.isOpen else { return }
      let bytes = HostFrame.answer(request: number, answer).encoded
      link.channel.send(bytes.count <= HostFrame.maximumSize ? bytes : HostFrame.answer(request: number, .failed(Status.temporary)).encoded)
    }
  }
}
