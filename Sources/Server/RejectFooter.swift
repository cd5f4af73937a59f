// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Runtime
import SMTP

/// `smtpd_reject_footer` and `smtpd_reject_footer_maps`: text after each refusal, for people to whom it is forwarded.
package struct RejectFooter: Sendable {
  private let text: String
  /// Asked for the whole reply, code and all.
  private let map: (@Sendable (String) -> String?)?
  private let serverName: String
  private let filter: ExpansionFilter

  /// Nil where nothing is to be added.
  package init?(_ text: String, map: (@Sendable (String) -> String?)?, serverName: String, filter: ExpansionFilter = .standard) {
    if text.isEmpty, map == nil { return nil }
    self.text = text
    self.map = map
    self.serverName = serverName
    self.filter = filter
  }

  /// The refusal with its footer. Each line gets the code of the reply. `\n` begins a line; `\c` in front goes on in the last line.
  package func added(to reply: Reply, client: Client, time: Int64) -> Reply {
    guard reply.isNegative else { return reply }
    let template = map.flatMap { $0(reply.summary) } ?? text
    if template.isEmpty { return reply }
    let joins = template.hasPrefix(#"\c"#)
    let footer = ReplyTemplate.expand(String(template.dropFirst(joins ? 2 : 0)), values(client, time), filter).replacing(#"\n"#, with: "\n")
    return Reply(reply.code, reply.status, reply.text + (joins ? "" : "\n") + footer)
  }

  private func values(_ client: Client, _ time: Int64) -> [String: String] {
    [
      "client": client.description, "client_address": client.addressText, "client_name": client.name,
      "client_port": client.port == 0 ? Client.unknown : String(client.port), "localtime": LocalTime.text(time, format: "%b %d %H:%M:%S"),
      "server_name": serverName,
    ]
  }
}
