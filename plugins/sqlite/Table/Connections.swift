// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Connections that nobody uses now. One that was opened to a file that is no longer at the path is not used again.
final class Connections: @unchecked Sendable {
  private let path: String
  private let sql: [UInt8]
  private var idle: [Connection] = []
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// As many as the host has threads for a table.
  private static let maximum = 8

  init(_ path: String, _ sql: [UInt8]) {
    self.path = path
    self.sql = sql
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// `body` has the connection for itself. After a failure it is closed: whatever was wrong with it is over then.
  func with<Result>(_ body: (Connection) throws -> Result) throws -> Result {
    let connection = try take()
    let result = try body(connection)
    locked { if idle.count < Self.maximum { idle.append(connection) } }
    return result
  }

  private func take() throws -> Connection {
    let identity = Connection.Identity(path)
    while let connection = locked({ idle.popLast() }) {
      if connection.identity == identity { return connection }
    }
    return try Connection(path, sql)
  }
}
