// SPDX-License-Identifier: Apache-2.0

/// What the machine wants performed after an event. One event, one action.
///
/// Before any reply is sent, wait `ServerMachine.replyDelay` seconds.
package enum Action: Equatable, Sendable {
  /// Send the reply; then frame the next line (or content, if the machine is in the midst of it).
  case reply(Reply)
  /// Send the replies in this order; then as `reply`.
  case replies([Reply])
  /// Send the replies, if any, and close the connection.
  case close([Reply])
  /// Send the reply, drop every byte received but not yet handed to the machine (RFC 3207 §4.2), make the handshake,
  /// then call `tlsStarted`, or close if it fails.
  case startTLS(Reply)
  /// Ask the user database, then call `recipientResolved`. No line may be handed in before.
  case resolveRecipient(RecipientQuery)
  /// Send the reply (354), then hand every byte that follows to `contentReceived` until it returns an action.
  case receiveContent(Reply)
  /// Send nothing; hand every byte that follows to `contentReceived` until it returns an action.
  case receiveChunk
  /// Make the collected content durable for `ServerMachine.transaction`, then call `messageCommitted`.
  case commit
  /// Run the restrictions, then call `judged`. Nothing may be handed in before.
  case judge(JudgementRequest)
  /// XCLIENT: the client is another one now. What depends on who it is starts over; then call `connected`.
  case restart
}
