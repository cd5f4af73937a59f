// SPDX-License-Identifier: Apache-2.0
import Names
import PluginHost
import Runtime
import SMTP

/// The stages of a listener, and what sessions need to run them.
package struct StageServices: Sendable {
  package let chain: StageChain
  package let names: any NameService
  package let loop: EventLoop
  /// The name of the listener.
  package let listener: String
  /// Where to look through messages that are too big for the loop.
  package let pool: BlockingPool
  /// For the property client.mynetworks.
  /// Of this listener on this loop; used by its thread.
  nonisolated(unsafe) let spares = SpareSeats()
  package let isOwnNetwork: @Sendable (Client) -> Bool

  package init(
    chain: StageChain, names: any NameService, loop: EventLoop, listener: String, pool: BlockingPool,
    isOwnNetwork: @escaping @Sendable (Client) -> Bool
  ) {
    self.chain = chain
    self.names = names
    self.loop = loop
    self.listener = listener
    self.pool = pool
    self.isOwnNetwork = isOwnNetwork
  }
}

extension StageChain {
  /// When the machine must ask, because a stage wants to know of it.
  package var moments: JudgementRequest.Moments {
    let wanted: [(JudgementRequest.Moment, Bool)] = [
      (.connect, events.has(.connect)), (.hello, events.has(.helo)), (.mail, !events.isDisjoint(with: .message)), (.recipient, events.has(.rcpt)),
      (.data, events.has(.data)),
    ]
    return wanted.reduce(into: []) { if $1.1 { $0.insert(JudgementRequest.Moments($1.0)) } }
  }
}
