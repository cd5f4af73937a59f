// SPDX-License-Identifier: Apache-2.0

/// The envelope of a message to hand on. The machine says of it what the server has asked to hear.
package struct OutgoingMessage: Sendable {
  package enum Body: Sendable { case sevenBit, eightBitMIME }
  package enum Probe: Sendable { case recipients, data }
  package enum Return: Sendable { case full, headers }

  package struct Recipient: Equatable, Sendable {
    /// As the spool has it: nothing quoted.
    package var address: String
    /// As in `SUCCESS,DELAY`; empty for the default.
    package var notify: String
    /// RFC 3461 §4.2: `type;address`, decoded; empty for none.
    package var originalRecipient: String

    package init(_ address: String, notify: String = "", originalRecipient: String = "") {
      self.address = address
      self.notify = notify
      self.originalRecipient = originalRecipient
    }
  }

  /// Empty for the null reverse-path.
  package var sender: String
  package var recipients: [Recipient]
  /// Bytes, each line end counted as two; nil if it is not known.
  package var size: Int64?
  package var body = Body.sevenBit
  /// RFC 6531 §3.4: addresses or header fields go beyond ASCII.
  package var needsSMTPUTF8 = false
  package var returnContent: Return?
  /// Decoded; empty for none.
  package var envelopeID = ""
  /// Whether the content can be counted before it is sent, as BDAT needs it.
  package var hasKnownForm = true
  /// Up to where a question goes whether the recipients are taken; nil for a message.
  package var probe: Probe?
  /// What the server is told of the client by XFORWARD, in two commands: names and values as they are.
  package var forward: [[(name: String, value: String)]] = []

  package init(sender: String, recipients: [Recipient]) {
    self.sender = sender
    self.recipients = recipients
  }
}

extension XText {
  /// RFC 3461 §4: every byte that is no xchar becomes "+" and two upper-case digits.
  package static func write(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      if byte > 0x20, byte < 0x7f, byte != 0x2b, byte != 0x3d {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        result += hex.utf8.count == 1 ? "+0\(hex)" : "+\(hex)"
      }
    }
    return result
  }
}
