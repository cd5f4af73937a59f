// SPDX-License-Identifier: Apache-2.0

/// What the client machine wants performed after an event, once its output has been sent.
package enum ClientAction: Equatable, Sendable {
  /// Wait for the next line.
  case receive
  /// The greetings are over: `begin` a message, `startTLS`, `authenticate`, or `quit`.
  case ready
  /// Begin TLS now, then call `secured`.
  case startTLS
  /// STARTTLS was refused. The session goes on as after `.ready`.
  case tlsRefused(ServerReply)
  /// The text of a 334: `respond`.
  case challenged(String)
  /// As after `.ready`. The reply may hold the server's own proof.
  case authenticated(ServerReply)
  case authenticationRefused(ServerReply)
  /// Send the content, as `ContentEncoder` makes it; then call `contentSent`.
  case sendContent(ContentForm)
  /// The transaction is over: what became of each recipient, in their order. `begin` the next, or `quit`.
  case completed([ClientAnswer])
  /// The message cannot go to this server. The session goes on as after `.ready`.
  case objected(ClientObjection)
  /// The connection is of no use any more: close it. `settled` says which recipients of a message under way were answered.
  case failed(ClientFailure)
  /// QUIT has been answered: close the connection.
  case closed
}

package enum ContentForm: Equatable, Sendable {
  /// Up to and with the final dot.
  case lines
  /// `BDAT size LAST` and that many bytes (RFC 3030 §2): no dots.
  case chunk
}

/// What a server said of a recipient, and to what it said so.
package struct ClientAnswer: Equatable, Sendable {
  package let reply: ServerReply
  package let command: ClientCommand

  package init(_ reply: ServerReply, to command: ClientCommand) {
    self.reply = reply
    self.command = command
  }
}

/// Why a message is not sent to this server.
package enum ClientObjection: Equatable, Sendable {
  /// RFC 1870 §3
  case tooBig(limit: Int)
  /// RFC 6531 §3.2
  case needsSMTPUTF8
}

/// Why a session ended before its time.
package enum ClientFailure: Error, Equatable, Sendable {
  /// The server refused the session, or ended it with 421 between messages.
  case refused(ServerReply)
  /// What came is no SMTP, or an answer to nothing that was asked.
  case notSMTP
  /// An event at a time when it is not legal.
  case misused
}

/// What a reply is an answer to.
package enum ClientCommand: Equatable, Sendable {
  case greeting, ehlo, helo, lhlo, startTLS, auth, reset, forward, mail, recipient, data, end, quit

  /// After `in reply to`, in Postfix's words.
  package var name: String {
    switch self {
    case .greeting: "greeting"
    case .ehlo: "EHLO command"
    case .helo: "HELO command"
    case .lhlo: "LHLO command"
    case .startTLS: "STARTTLS command"
    case .auth: "AUTH command"
    case .reset: "RSET command"
    case .forward: "XFORWARD command"
    case .mail: "MAIL FROM command"
    case .recipient: "RCPT TO command"
    case .data: "DATA command"
    case .end: "end of DATA command"
    case .quit: "QUIT command"
    }
  }

  /// After `lost connection with … while`, in Postfix's words.
  package var activity: String {
    switch self {
    case .greeting: "receiving the initial server greeting"
    case .ehlo: "performing the EHLO handshake"
    case .helo: "performing the HELO handshake"
    case .lhlo: "performing the LHLO handshake"
    case .startTLS: "receiving the STARTTLS response"
    case .auth: "performing SASL authentication"
    case .reset: "sending RSET probe"
    case .forward: "sending XFORWARD command"
    case .mail: "sending MAIL FROM"
    case .recipient: "sending RCPT TO"
    case .data: "sending DATA command"
    case .end: "sending end of data -- message may be sent more than once"
    case .quit: "sending QUIT"
    }
  }
}
