// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Sessions of a client that can be resumed, a limited number for a limited time.
package final class TLSSessionCache: Sendable {
  /// A session, and what its certificate was found to be: a resumed handshake shows none.
  final class Kept: @unchecked Sendable {
    let pointer: OpaquePointer
    let peer: TLSFacts.PeerCertificate

    /// Takes over one reference.
    init(_ pointer: OpaquePointer, _ peer: TLSFacts.PeerCertificate) {
      self.pointer = pointer
      self.peer = peer
    }

    deinit { SSL_SESSION_free(pointer) }
  }

  private let lifetime: Duration
  private let sessions: Monitor<ExpiringCache<String, Kept>>

  package init(capacity: Int = 500, lifetime: Duration) {
    self.lifetime = lifetime
    sessions = Monitor(ExpiringCache(capacity: capacity))
  }

  package var count: Int { sessions.withLock { $0.count } }

  func session(for key: String) -> Kept? {
    let now = Instant.now()
    return sessions.withLock { $0.value(for: key, now: now) }
  }

  func keep(_ session: Kept, for key: String) {
    guard lifetime > .zero else { return }
    let expiry = Instant.now() + lifetime
    sessions.withLock { $0.set(session, for: key, until: expiry) }
  }
}
