// SPDX-License-Identifier: Apache-2.0
import Runtime
import Spool

/// The end of a process that another has taken the place of: first its sessions end, then what can be delivered now is delivered. What is left
/// in its lane is adopted.
struct Drain {
  private var sessionsEnded: Instant?

  /// Another process can deliver as well: nobody waits long for the last of it.
  static let deliveryPatience = Duration.seconds(30)

  mutating func isOver(_ loops: LoopGroup, _ spool: Spool) -> Bool {
    guard loops.connections() == 0 else { return false }
    let ended = sessionsEnded ?? .now()
    sessionsEnded = ended
    return spool.isAtRest || ended + Self.deliveryPatience <= .now()
  }
}
