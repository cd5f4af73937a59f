// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A unix socket at which root and the mail owner can read what happens from now on, as lines of JSON. Nothing is ever read from them.
package final class EventSocket: Sendable {
  private struct State {
    var arrived: [EventReader] = []
    var count = 0
  }

  struct EventReader {
    let descriptor: Int32
    let pid: Int32
    let uid: UInt32
  }

  private let listener: Int32
  private let users: Set<UInt32>
  private let state = Monitor(State())

  /// More readers than anybody needs.
  private static let maximumReaders = 32

  /// Replaces a socket that was left at `path`. `users` may read, as root and this process's own user may.
  package init(path: String, users: Set<UInt32> = []) throws(SystemError) {
    self.users = users.union([0, geteuid()])
    listener = try ListeningSocket.open(path: path, mode: 0o600, backlog: 16)
  }

  /// For as long as the process lives.
  func start() throws(SystemError) {
    try Thread(name: "events") { [self] in
      while true { acceptOne() }
    }.detach()
  }

  private func acceptOne() {
    var request = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, -1) > 0 else { return }
    var peer = clinux_address()
    let descriptor = clinux_accept(listener, &peer)
    guard descriptor >= 0 else { return Thread.sleep(.milliseconds(100)) }
    var (uid, pid): (UInt32, Int32) = (.max, 0)
    let isKnown = clinux_peer_uid(descriptor, &uid) == 0 && clinux_peer_pid(descriptor, &pid) == 0
    guard isKnown, users.contains(uid), take(EventReader(descriptor: descriptor, pid: pid, uid: uid)) else { return closeDescriptor(descriptor) }
  }

  private func take(_ reader: EventReader) -> Bool {
    state.withLock { state in
      guard state.count < Self.maximumReaders else { return false }
      state.count += 1
      state.arrived.append(reader)
      return true
    }
  }

  /// Those that have come since it was last asked.
  func takeArrived() -> [EventReader] {
    state.withLock { state in
      defer { state.arrived = [] }
      return state.arrived
    }
  }

  func left(_ count: Int) { state.withLock { $0.count -= count } }
}
