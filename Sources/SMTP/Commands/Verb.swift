// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.1, RFC 3030 §2 (BDAT), RFC 3207 §4 (STARTTLS), RFC 1985 (ETRN), RFC 2033 §4.1 (LHLO).
package enum Verb: UInt8, CaseIterable, Sendable {
  case helo, ehlo, lhlo, xclient, xforward, starttls, auth, mail, rcpt, data, bdat, rset, noop, vrfy, etrn, quit, help

  /// In lower case, as log lines count it.
  package var name: String { Verb.names[Int(rawValue)] }

  private static let names = allCases.map { String(describing: $0) }

  package init?(_ word: UnsafeRawBufferPointer) {
    switch word.count {
    case 4: self.init(four: word)
    case 7 where word.equalsIgnoringCase("XCLIENT"): self = .xclient
    case 8 where word.equalsIgnoringCase("STARTTLS"): self = .starttls
    case 8 where word.equalsIgnoringCase("XFORWARD"): self = .xforward
    default: return nil
    }
  }

  private init?(four word: UnsafeRawBufferPointer) {
    let key = word.reduce(UInt32(0)) { $0 << 8 | UInt32($1.asciiUppercased) }
    switch key {
    case 0x4845_4c4f: self = .helo
    case 0x4548_4c4f: self = .ehlo
    case 0x4c48_4c4f: self = .lhlo
    case 0x4155_5448: self = .auth
    case 0x4d41_494c: self = .mail
    case 0x5243_5054: self = .rcpt
    case 0x4244_4154: self = .bdat
    case 0x4441_5441: self = .data
    case 0x5253_4554: self = .rset
    case 0x4e4f_4f50: self = .noop
    case 0x5652_4659: self = .vrfy
    case 0x4554_524e: self = .etrn
    case 0x5155_4954: self = .quit
    case 0x4845_4c50: self = .help
    default: return nil
    }
  }
}
