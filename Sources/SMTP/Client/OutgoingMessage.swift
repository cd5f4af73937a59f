// SPDX-License-Identifier: Apache-2.0

/// The envelope of a message to hand on.
package struct OutgoingMessage: Equatable, Sendable {
  package struct Recipient: Equatable, Sendable {
    package var address: Mailbox
    /// As in `NOTIFY=NEVER`; already encoded.
    package var parameters: [String]

    package init(_ address: Mailbox, parameters: [String] = []) {
      self.address = address
      self.parameters = parameters
    }
  }

  package var sender: ReversePath
  /// As in `SIZE=1234` or `BODY=8BITMIME`; already encoded.
  package var parameters: [String]
  package var recipients: [Recipient]

  package init(sender: ReversePath, parameters: [String] = [], recipients: [Recipient]) {
    self.sender = sender
    self.parameters = parameters
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
