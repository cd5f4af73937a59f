// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Connections without mail, for the next message to the same next hop. On one loop.
final class SessionCache {
  /// Whom a session is good for.
  struct Key: Hashable {
    var destination: String
    /// What it was secured by, and who is logged in.
    var identity = ""
  }

  private struct Idle {
    let session: RelaySession
    let timer: LoopTimer
  }

  private let loop: EventLoop
  private var idle: [Key: [Idle]] = [:]
  private(set) var count = 0

  /// More are not kept.
  static let capacity = 500

  init(on loop: EventLoop) { self.loop = loop }

  /// The one used last; who has something to say between messages says that it ends.
  func take(_ key: Key) -> RelaySession? {
    while let found = idle[key]?.popLast() {
      if idle[key]?.isEmpty == true { idle[key] = nil }
      count -= 1
      loop.remove(found.timer)
      if !found.session.stream.hasNews { return found.session }
      found.session.close()
    }
    return nil
  }

  /// Keeps it until it is taken, or its time is over.
  func put(_ session: RelaySession, _ key: Key) {
    let settings = session.settings.cache
    let isWornOut =
      loop.now - session.born >= settings.reuseTimeLimit || settings.reuseCountLimit > 0 && session.uses >= settings.reuseCountLimit
    guard !isWornOut, !session.machine.isOver, !session.stream.hasNews, count < Self.capacity else { return end(session) }
    let timer = loop.timer { [unowned self] in expired(session, key) }
    idle[key, default: []].append(Idle(session: session, timer: timer))
    count += 1
    loop.arm(timer, at: loop.now + settings.timeLimit)
  }

  private func expired(_ session: RelaySession, _ key: Key) {
    guard let index = idle[key]?.firstIndex(where: { $0.session === session }), let found = idle[key]?.remove(at: index) else { return }
    if idle[key]?.isEmpty == true { idle[key] = nil }
    count -= 1
    loop.remove(found.timer)
    end(session)
  }

  /// Says goodbye, and closes it.
  func end(_ session: RelaySession) {
    if session.hasSaidGoodbye { return session.close() }
    nonisolated(unsafe) let session = session
    loop.spawn { await session.end() }
  }

  /// Ends all of them.
  func empty() {
    for found in idle.values.joined() {
      loop.remove(found.timer)
      end(found.session)
    }
    idle = [:]
    count = 0
  }
}
