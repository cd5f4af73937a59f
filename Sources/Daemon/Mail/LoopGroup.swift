// SPDX-License-Identifier: Apache-2.0
import Runtime
import Server
import Synchronization

/// The event loops of a process, each with its own listeners on the shared sockets.
final class LoopGroup: Sendable {
  /// What belongs to one loop. Touched on its thread only.
  private final class Member: @unchecked Sendable {
    let loop: EventLoop
    /// Whether the loop has run what it was given at the last look.
    let hasAnswered = Atomic(true)
    /// Clients of the loop at the last look.
    let connections = Atomic(0)
    var servers: [SessionServer] = []
    init(_ loop: EventLoop) { self.loop = loop }
  }

  private let members: [Member]
  private let threads: [Thread]

  init(count: Int) throws(SystemError) {
    var members: [Member] = []
    var threads: [Thread] = []
    for index in 0..<max(1, count) {
      let loop = try EventLoop()
      members.append(Member(loop))
      threads.append(try Thread(name: "loop-\(index)") { loop.run() })
    }
    self.members = members
    self.threads = threads
  }

  var first: EventLoop { members[0].loop }

  /// Serves `descriptor` on every loop; `services` is called once on each.
  func serve(_ descriptor: Int32, maximumSessions: Int, log: Log, services: @escaping @Sendable (EventLoop) -> Services) {
    for member in members {
      member.loop.spawn {
        let server = SessionServer(on: member.loop, services: services(member.loop), maximumSessions: maximumSessions)
        do {
          try server.listen(on: descriptor)
          member.servers.append(server)
        } catch {
          log.error("master", "\(error)")
        }
      }
    }
  }

  /// Whether each loop has run what it was given at the last call; gives each something new to run.
  func areTurning() -> Bool {
    let stuck = members.filter { !$0.hasAnswered.load(ordering: .acquiring) }
    for member in members where member.hasAnswered.exchange(false, ordering: .acquiringAndReleasing) {
      member.loop.spawn { member.hasAnswered.store(true, ordering: .releasing) }
    }
    return stuck.isEmpty
  }

  /// Takes no more connections, but those that wait already. False if a loop does not turn and has its listeners still.
  func drain() -> Bool {
    let counter = Counter(left: members.count)
    for member in members {
      member.loop.spawn {
        for server in member.servers { server.drain() }
        counter.done()
      }
    }
    return counter.wait()
  }

  /// Connections that are open, once every loop has been asked.
  func connections() -> Int {
    let counter = Counter(left: members.count)
    for member in members {
      member.loop.spawn {
        member.connections.store(member.servers.reduce(0) { $0 + $1.connectionCount }, ordering: .releasing)
        counter.done()
      }
    }
    guard counter.wait() else { return .max }
    return members.reduce(0) { $0 + $1.connections.load(ordering: .acquiring) }
  }

  /// Ends the sessions, for `patience` at most, and then the loops.
  func stop(patience: Duration) -> Bool {
    for member in members { member.loop.spawn { for server in member.servers { server.stop() } } }
    let deadline = Instant.now() + patience
    while members.contains(where: { $0.loop.liveTasks > 0 }), Instant.now() < deadline { Thread.sleep(.milliseconds(5)) }
    let isOver = !members.contains { $0.loop.liveTasks > 0 }
    for member in members { member.loop.stop() }
    for thread in threads { thread.join() }
    return isOver
  }
}

/// Counts the loops that have done something.
private final class Counter: Sendable {
  private let left: Monitor<Int>

  init(left: Int) { self.left = Monitor(left) }

  func done() {
    left.withLock { $0 -= 1 }
    left.signal()
  }

  /// False if a loop does not turn.
  func wait() -> Bool { left.wait(timeout: .seconds(5)) { $0 <= 0 ? true : nil } ?? false }
}
