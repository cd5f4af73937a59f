// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP

/// What is known of a session when restrictions are decided.
package struct Facts: Sendable {
  package var client: Client
  /// Nil before HELO.
  package var helo: String?
  /// `SMTP`, `ESMTP` or `LMTP`.
  package var protocolName = "SMTP"
  package var tls: TLSFacts?
  /// The command that the session is at, as policy servers want to know: `RCPT`, `END-OF-MESSAGE`.
  package var place = "CONNECT"
  /// Nil before MAIL.
  package var sender: ReversePath?
  /// Nil outside of RCPT and VRFY, and for messages to several.
  package var recipient: SMTP.Mailbox?
  package var etrnDomain: String?
  /// How many recipients the message has so far.
  package var recipientCount = 0
  /// Bytes that the client declared, or the message has.
  package var size = 0
  package var queueID = ""
  /// Different for each message.
  package var instance = ""
  /// The client spoke before it was its turn.
  package var hasImproperPipelining = false

  package init(client: Client) { self.client = client }

  /// An IPv4-mapped address counts as the IPv4 address it stands for.
  var clientAddress: IPAddress? { client.address?.unmapped }
  /// The verified name, or `unknown`.
  var clientName: String { client.names.name }
  /// The name that the address points to, verified or not, or `unknown`.
  var reverseName: String { client.names.reverseName }
}
