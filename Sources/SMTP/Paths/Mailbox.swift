// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.2: `Mailbox = Local-part "@" ( Domain / address-literal )`, without its quoting.
///
/// `"a b"@example.com` and `a\ b@example.com` are equal here: both have the local part `a b`.
package struct Mailbox: Hashable, Sendable {
  /// Without quotes and backslashes; in the case it was given.
  package var localPart: String
  /// Nil for an address without `@`; an address literal keeps its brackets.
  package var domain: String?

  package init(localPart: String, domain: String?) {
    self.localPart = localPart
    self.domain = domain
  }

  /// Splits an address as the spool keeps it, at its last `@`.
  package init(address: String) {
    guard let at = address.utf8.lastIndex(of: 0x40) else {
      self.init(localPart: address, domain: nil)
      return
    }
    self.init(localPart: String(address[..<at]), domain: String(address[address.utf8.index(after: at)...]))
  }

  /// As the spool, tables and logs have it: nothing quoted.
  package var address: String { domain.map { "\(localPart)@\($0)" } ?? localPart }

  /// As SMTP and header fields write it: the local part quoted where it must be.
  package var quoted: String {
    let local = Mailbox.isDotString(localPart) ? localPart : Mailbox.quote(localPart)
    return domain.map { "\(local)@\($0)" } ?? local
  }

  package var isASCII: Bool { localPart.utf8.allSatisfy { $0 < 128 } && (domain?.utf8.allSatisfy { $0 < 128 } ?? true) }

  /// Whether the address, as the spool has it, is written in commands letter by letter: nothing to quote, nothing odd. False in doubt.
  package static func isPlain(_ address: String) -> Bool {
    var previous: UInt8 = 0x2e
    var isLocal = true
    for byte in address.utf8 {
      if isLocal {
        if byte == 0x40, previous != 0x2e {
          isLocal = false
        } else if !ASCIISet.atext.contains(byte), byte != 0x2e || previous == 0x2e {
          return false
        }
        previous = byte
      } else if byte <= 0x20 || byte == 0x40 || byte == 0x7f {
        return false
      }
    }
    return !isLocal
  }

  /// RFC 5321 §4.1.2: `Dot-string = Atom *("."  Atom)`; RFC 6531 §3.3 adds what is not ASCII.
  private static func isDotString(_ text: String) -> Bool {
    var previous: UInt8 = 0x2e
    for byte in text.utf8 {
      guard byte >= 128 || ASCIISet.atext.contains(byte) || (byte == 0x2e && previous != 0x2e) else { return false }
      previous = byte
    }
    return previous != 0x2e
  }

  /// RFC 5321 §4.1.2: `Quoted-string = DQUOTE *QcontentSMTP DQUOTE`
  private static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }
}
