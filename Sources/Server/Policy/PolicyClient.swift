// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Runtime

/// Asks policy servers over connections that are kept, as the limits of each `PolicyServer` say.
///
/// One for each event loop, used on its thread only; Sendable so that it can be handed to sessions there.
package final class PolicyClient: PolicyService, @unchecked Sendable {
  /// Requests under way at a time to one server from one loop; others wait for their turn.
  package static let maximumConnections = 64

  private let ground: any PolicyGround
  private let maximum: Int
  private var pools: [PolicyServer: PolicyPool] = [:]

  package init(on ground: any PolicyGround, maximumConnections: Int = maximumConnections) {
    self.ground = ground
    maximum = max(1, maximumConnections)
  }

  package func ask(_ server: PolicyServer, _ attributes: [(name: String, value: String)]) async -> Result<String, PolicyFailure> {
    let request = PolicyText.request(attributes)
    let pool = pool(server)
    var failure = PolicyFailure("not tried")
    for attempt in 0..<max(1, server.tryLimit) {
      if attempt > 0 { await ground.pause(until: ground.now + .seconds(server.retryDelay)) }
      switch await tryOnce(pool, request) {
      case .success(let action): return .success(action)
      case .failure(let error): failure = error
      }
    }
    return .failure(failure)
  }

  /// Closes the connections that nobody uses.
  package func closeIdle() { for pool in pools.values { pool.closeIdle() } }

  private func pool(_ server: PolicyServer) -> PolicyPool {
    if let pool = pools[server] { return pool }
    let pool = PolicyPool(server, on: ground, maximum: maximum)
    pools[server] = pool
    return pool
  }

  private func tryOnce(_ pool: PolicyPool, _ request: [UInt8]) async -> Result<String, PolicyFailure> {
    let deadline = ground.now + .seconds(pool.server.timeout)
    guard await pool.enter(deadline) else { return .failure(PolicyFailure("too many requests at once")) }
    defer { pool.leave() }
    while let connection = pool.takeIdle() {
      switch await use(connection, pool, request, deadline) {
      case .action(let action): return .success(action)
      case .stale: continue
      case .unreachable(let failure), .failed(let failure): return .failure(failure)
      }
    }
    return await connect(pool, request, deadline)
  }

  /// A new connection, to the first endpoint that takes it.
  private func connect(_ pool: PolicyPool, _ request: [UInt8], _ deadline: Instant) async -> Result<String, PolicyFailure> {
    var failure = PolicyFailure("no address")
    switch await ground.endpoints(of: pool.server.address) {
    case .failure(let error): return .failure(error)
    case .success(let endpoints):
      for endpoint in endpoints {
        switch ground.open(endpoint) {
        case .failure(let error): failure = PolicyFailure("\(error)")
        case .success(let stream):
          switch await use(PolicyConnection(stream, now: ground.now), pool, request, deadline) {
          case .action(let action): return .success(action)
          case .failed(let error): return .failure(error)
          case .unreachable(let error): failure = error
          case .stale: failure = PolicyFailure("the connection was lost before the answer")
          }
        }
      }
      return .failure(failure)
    }
  }

  private func use(_ connection: PolicyConnection, _ pool: PolicyPool, _ request: [UInt8], _ deadline: Instant) async -> PolicyConnection.Outcome {
    let outcome = await connection.exchange(request, deadline: deadline)
    if case .action = outcome { pool.keep(connection) } else { connection.close() }
    return outcome
  }
}
