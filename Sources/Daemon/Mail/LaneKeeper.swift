// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import Spool

/// Looks for lanes of the queue that no process has and that hold mail, and delivers it until they are empty.
///
/// A process that drains looks no more, and hands on what it has adopted: the next generation knows better where it is to go.
final class LaneKeeper: Sendable {
  /// What deliveries from another lane need.
  struct Means: Sendable {
    let setup: Setup
    let users: UserDirectory
    /// Takes the reports on their messages: no new mail comes into a lane that was adopted.
    let home: Spool
    let usesMailboxService: Bool
    let relaying: Relaying
    let reports: DeliveryReports?
    let pool: BlockingPool
    let loop: EventLoop
    let log: Log
  }

  private struct State {
    var mustLook = true
    var isEnding = false
    /// What is under way then is cut.
    var deadline = Instant.never
  }

  private enum Turn { case look, wait, end }

  private let own: UInt8
  private let means: Means
  private let state = Monitor(State())
  private let thread = Monitor<Thread?>(nil)

  /// Lanes that others have are tried again this often.
  private static let interval = Duration.seconds(1)
  /// What has not ended yet is looked at this often.
  private static let endInterval = Duration.milliseconds(50)

  init(own: UInt8, _ means: Means) {
    self.own = own
    self.means = means
  }

  func start() throws(SystemError) {
    let started = try Thread(name: "lanes") { [self] in run() }
    thread.withLock { $0 = started }
  }

  /// A process may have ended and left its lane.
  func look() {
    state.withLock { $0.mustLook = true }
    state.signal()
  }

  /// Begins to hand on what was adopted, each lane when nothing of it is under way.
  func handOn() {
    state.withLock { $0.isEnding = true }
    state.signal()
  }

  /// Returns when it is handed on. What is still under way after `patience` is cut, and with it all that the scheduler does.
  func stop(patience: Duration) {
    state.withLock { $0.deadline = .now() + patience }
    handOn()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  // MARK: The thread

  private func run() {
    var adopted: [AdoptedLane] = []
    // In the hands of another process when they were last tried.
    var busy: Set<UInt8> = []
    while true {
      switch nextTurn() {
      case .end: return handOn(adopted)
      case .look: busy = Set(Lane.all(in: means.setup.queueFolder, disk: LinuxDisk())).subtracting([own]).subtracting(adopted.map(\.number))
      case .wait: break
      }
      for number in busy.sorted() { take(number, &adopted, &busy) }
      adopted.removeAll { $0.isDone && release($0) }
    }
  }

  private func release(_ lane: AdoptedLane) -> Bool {
    guard lane.end(within: .zero) else { return false }
    lane.release()
    return true
  }

  /// A message that is being handed to another server must not be in a lane that somebody else takes: it would be handed on twice.
  private func handOn(_ adopted: [AdoptedLane]) {
    var left = adopted
    while true {
      left.removeAll(where: release)
      if left.isEmpty { return }
      if state.withLock({ $0.deadline }) <= .now() { break }
      Thread.sleep(Self.endInterval)
    }
    means.relaying.halt()
    for lane in left { lane.release() }
  }

  private func nextTurn() -> Turn {
    state.wait(timeout: Self.interval) { state -> Turn? in
      if state.isEnding { return .end }
      defer { state.mustLook = false }
      return state.mustLook ? .look : nil
    } ?? .wait
  }

  private func take(_ number: UInt8, _ adopted: inout [AdoptedLane], _ busy: inout Set<UInt8>) {
    do {
      let lane = try Lane(number, in: means.setup.queueFolder, disk: LinuxDisk())
      busy.remove(number)
      guard let taken = try AdoptedLane(lane, means) else { return }
      means.log.info("qmgr", "lane \(number): its process has ended; what is left is delivered from here")
      adopted.append(taken)
    } catch SpoolError.locked {
      return
    } catch {
      busy.remove(number)
      means.log.error("qmgr", "\(Lane.path(number, in: means.setup.queueFolder)): \(error)")
    }
  }
}
