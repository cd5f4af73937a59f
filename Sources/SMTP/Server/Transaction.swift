// SPDX-License-Identifier: Apache-2.0

/// RFC 5321 §3.3: one mail transaction, from MAIL to the reply that ends it.
///
/// Lives on the heap only while there is one, so that an idle session stays small.
package final class Transaction {
  /// Completed with `myorigin` where it had no domain.
  package let sender: ReversePath
  /// As the client gave it, for the log.
  package let givenSender: ReversePath
  package let parameters: MailParameters
  package internal(set) var recipients: [AcceptedRecipient] = []
  /// What the header of the content showed while it passed by. Complete when the content is.
  package var header: HeaderScan { decoder.header }
  /// Bytes of content so far, as RFC 1870 counts them: with CRLF, without stuffed dots.
  package var size: Int { decoder.size }
  /// Whether a line of content ended in bare LF; for the log.
  package var hasBareNewline: Bool { decoder.hasBareNewline }

  /// What restrictions want done with the message.
  package internal(set) var marks = MessageMarks()
  /// Why `smtpd_data_restrictions` refuse the chunks of BDAT.
  var chunkRefusal: Reply?

  /// How many recipients were refused because there were too many already.
  var overshoot = 0
  var decoder: ContentDecoder

  init(sender: ReversePath, givenSender: ReversePath, parameters: MailParameters, decoder: ContentDecoder) {
    self.sender = sender
    self.givenSender = givenSender
    self.parameters = parameters
    self.decoder = decoder
  }
}

/// A recipient that got its 250.
package struct AcceptedRecipient: Equatable, Sendable {
  /// Where to deliver, after routing operators and missing domains have been resolved.
  package let address: Mailbox
  package let destination: Destination
  /// As the client gave it.
  package let original: ForwardPath
  package let parameters: RcptParameters
}
