// SPDX-License-Identifier: Apache-2.0
import IDNA
import Queue

/// Says where each recipient's mail goes: Postfix's trivial-rewrite. Asked at each attempt, so that a changed table counts for mail in the queue.
package protocol Router: Sendable {
  /// May look into tables on disk, so not on a loop.
  func route(_ recipient: Recipient, sender: String) -> Routing
  /// Where a content filter, `transport:nexthop`, has a recipient's mail go.
  func hop(through filter: String, for recipient: Recipient) -> NextHop
}

extension Router {
  package func hop(through filter: String, for recipient: Recipient) -> NextHop { NextHop(filter, for: recipient) }
}

extension NextHop {
  /// Without a next hop in the text it is `nexthop`, or else the recipient's domain.
  init(_ filter: String, for recipient: Recipient, nexthop: String = "") {
    let text = TransportText(filter)
    let domain = recipient.address.utf8.lastIndex(of: 0x40).map { DomainForm.written(recipient.address[$0...].dropFirst()) } ?? ""
    self.init(transport: text.transport, destination: [text.nexthop, nexthop].first { !$0.isEmpty } ?? domain)
  }
}

package enum Routing: Equatable, Sendable {
  case to(NextHop)
  /// A table could not be asked: tried again later.
  case deferred(Reason)
}
