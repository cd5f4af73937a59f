// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Who is at the other end of a unix socket.
package enum PeerCredentials {
  /// The user who opened the other end (SO_PEERCRED).
  package static func uid(_ descriptor: Int32) -> UInt32? {
    var uid: UInt32 = .max
    return clinux_peer_uid(descriptor, &uid) == 0 ? uid : nil
  }

  /// Whether the peer is root or the user that this process runs as.
  package static func areOurs(_ descriptor: Int32) -> Bool {
    var uid: UInt32 = .max
    return clinux_peer_uid(descriptor, &uid) == 0 && (uid == 0 || uid == geteuid())
  }
}
