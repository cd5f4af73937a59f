// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What epoll says about a descriptor.
struct Readiness: OptionSet {
  let rawValue: UInt32
  static let readable = Readiness(rawValue: UInt32(CLINUX_IN))
  static let writable = Readiness(rawValue: UInt32(CLINUX_OUT))
  static let failed = Readiness(rawValue: UInt32(CLINUX_ERR | CLINUX_HUP))
  static let peerClosed = Readiness(rawValue: UInt32(CLINUX_RDHUP))
}

/// Something that waits for a descriptor; called on the loop's thread.
protocol Watcher: AnyObject {
  func becameReady(_ readiness: Readiness)
}

/// The watchers of a loop by token. A token carries a generation, so that an event that was fetched together with the
/// one that closed its descriptor finds nobody.
struct WatchTable {
  private struct Slot {
    var watcher: (any Watcher)?
    var generation: UInt32 = 0
  }

  private var slots: [Slot] = []
  private var free: [Int] = []

  mutating func insert(_ watcher: any Watcher) -> UInt64 {
    if free.isEmpty {
      slots.append(Slot())
      free.append(slots.count - 1)
    }
    let index = free.removeLast()
    slots[index].watcher = watcher
    return UInt64(slots[index].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
  }

  subscript(token: UInt64) -> (any Watcher)? {
    guard let index = index(of: token) else { return nil }
    return slots[index].watcher
  }

  mutating func remove(_ token: UInt64) {
    guard let index = index(of: token) else { return }
    slots[index].watcher = nil
    slots[index].generation = (slots[index].generation &+ 1) & 0x7fff_ffff
    free.append(index)
  }

  private func index(of token: UInt64) -> Int? {
    let index = Int(UInt32(truncatingIfNeeded: token))
    guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return nil }
    return index
  }
}
