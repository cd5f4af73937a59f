// SPDX-License-Identifier: Apache-2.0
import Queue

/// Says where each recipient's mail goes: Postfix's trivial-rewrite. Asked at each attempt, so that a changed table counts for mail in the queue.
package protocol Router: Sendable {
  /// May look into tables on disk, so not on a loop.
  func route(_ recipient: Recipient, sender: String) -> Routing
}

package enum Routing: Equatable, Sendable {
  case to(NextHop)
  /// A table could not be asked: tried again later.
  case deferred(Reason)
}
