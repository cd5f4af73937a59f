// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Runtime

/// The connections to one policy server. On its loop's thread.
final class PolicyPool {
  let server: PolicyServer
  private let ground: any PolicyGround
  private let maximum: Int
  private var idle: [PolicyConnection] = []
  private var active = 0
  private var waiting: [(ticket: Int, continuation: UnsafeContinuation<Bool, Never>)] = []
  private var lastTicket = 0
  private var isSweeping = false

  init(_ server: PolicyServer, on ground: any PolicyGround, maximum: Int) {
    self.server = server
    self.ground = ground
    self.maximum = maximum
  }

  // MARK: One request at a time on each connection

  /// Waits for its turn; false when none came until `deadline`.
  func enter(_ deadline: Instant) async -> Bool {
    if active < maximum {
      active += 1
      return true
    }
    return await withUnsafeContinuation { continuation in
      lastTicket += 1
      let ticket = lastTicket
      waiting.append((ticket, continuation))
      ground.schedule(at: deadline) { [weak self] in self?.giveUp(ticket) }
    }
  }

  private func giveUp(_ ticket: Int) {
    guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
    waiting.remove(at: index).continuation.resume(returning: false)
  }

  /// Hands the turn on.
  func leave() {
    guard !waiting.isEmpty else {
      active -= 1
      return
    }
    waiting.removeFirst().continuation.resume(returning: true)
  }

  // MARK: Idle connections

  /// The one used last: the others may reach their end.
  func takeIdle() -> PolicyConnection? {
    while let connection = idle.popLast() {
      if connection.isReusable(server, now: ground.now) { return connection }
      connection.close()
    }
    return nil
  }

  func keep(_ connection: PolicyConnection) {
    guard connection.isReusable(server, now: ground.now) else { return connection.close() }
    idle.append(connection)
    sweepLater()
  }

  func closeIdle() {
    for connection in idle { connection.close() }
    idle = []
  }

  private func sweepLater() {
    guard !isSweeping, let next = idle.map({ $0.expiry(server) }).min() else { return }
    isSweeping = true
    ground.schedule(at: next) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    isSweeping = false
    let now = ground.now
    for connection in idle where connection.expiry(server) <= now { connection.close() }
    idle.removeAll { $0.expiry(server) <= now }
    sweepLater()
  }
}
