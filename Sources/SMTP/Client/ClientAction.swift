// SPDX-License-Identifier: Apache-2.0

/// What the client machine wants performed after an event, once its output has been sent.
package enum ClientAction: Equatable, Sendable {
  /// Wait for the next line.
  case receive
  /// The greetings are over: `begin` a message, or `quit`.
  case ready
  /// Send the content through a `ContentEncoder`, with its `finish`; then call `contentSent`.
  case sendContent
  /// The transaction is over: the reply to each recipient, in their order. `begin` the next, or `quit`.
  case completed([Reply])
  /// The connection is of no use any more: close it. Recipients of a message under way have not been taken.
  case failed(ClientFailure)
  /// QUIT has been answered: close the connection.
  case closed
}

/// Why a session ended before its time.
package enum ClientFailure: Error, Equatable, Sendable {
  /// The server refused the session, or ended it with 421.
  case refused(Reply)
  /// What came is no SMTP, or an answer to nothing that was asked.
  case notSMTP
  /// An event at a time when it is not legal.
  case misused
}
