// SPDX-License-Identifier: Apache-2.0

/// What several tasks want at the same time, and one of them gets for all.
package final class SharedWork<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// Who waits for what a task is at.
  private let waiting = Monitor<[Key: [UnsafeContinuation<Value?, Never>]]>([:])

  package init() {}

  /// What `get` answers, or answered to another task that was at it when this one asked.
  package func value(for key: Key, _ get: @Sendable () async -> Value) async -> Value {
    while !begin(key) {
      if let value = await wait(key) { return value }
    }
    let value = await get()
    for continuation in waiting.withLock({ $0.removeValue(forKey: key) ?? [] }) { continuation.resume(returning: value) }
    return value
  }

  private func begin(_ key: Key) -> Bool {
    waiting.withLock { waiting in
      if waiting[key] != nil { return false }
      waiting[key] = []
      return true
    }
  }

  /// Nil if it has come to its end in the meantime.
  private func wait(_ key: Key) async -> Value? {
    await withUnsafeContinuation { continuation in
      let isWaiting = waiting.withLock { waiting in
        waiting[key]?.append(continuation)
        return waiting[key] != nil
      }
      if !isWaiting { continuation.resume(returning: nil) }
    }
  }
}
