// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The signals that a daemon handles. They are blocked everywhere and fetched by one thread that waits for them.
package enum Signal: Int32, Sendable {
  case terminate = 15
  case interrupt = 2
  case hangUp = 1
  case childEnded = 17
  case user1 = 10
  case user2 = 12
  case quit = 3

  /// Call it first in `main`, before any thread is started.
  package static func blockAll() throws(SystemError) {
    _ = try SystemError.check(clinux_block_signals(), "sigprocmask")
  }

  /// A descriptor that can be read when one has come; for `next`. After `blockAll`.
  package static func descriptor() throws(SystemError) -> Int32 { try SystemError.check(clinux_signal_descriptor(), "signalfd") }

  /// The next one that has come; nil when there is none, or one that has no name here.
  package static func next(from descriptor: Int32) -> Signal? { Signal(rawValue: clinux_next_signal(descriptor)) }

  /// Waits for a signal, on the calling thread; nil after `timeout`.
  package static func wait(timeout: Duration? = nil) -> Signal? {
    let milliseconds = timeout.map { Int32(clamping: $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000) }
    return Signal(rawValue: clinux_wait_signal(milliseconds ?? -1))
  }
}
