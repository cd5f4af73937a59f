// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.2: `Path = "<" [ A-d-l ":" ] Mailbox ">"`
///
/// Like Postfix it takes dots in odd places of the local part and, unless `rules.isStrict`, a path without angle brackets.
/// If there are several `@` outside of quotes, the last decides.
struct PathParser {
  let rules: PathRules

  /// Why a path cannot be read; what to say about it is up to the verb.
  struct Fault: Error {}

  /// Nil for the null path `<>`.
  func parsePath(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Mailbox? {
    var cursor = ByteCursor(bytes)
    let isBracketed = cursor.take(0x3c)
    if !isBracketed, rules.isStrict { throw Fault() }
    let inner = isBracketed ? bytes.slice(1, bytes.count &- 1) : bytes
    if isBracketed, bytes.count < 2 || bytes.last != 0x3e { throw Fault() }
    if inner.isEmpty {
      if isBracketed { return nil }
      throw Fault()
    }
    return try parseMailbox(withoutRoute(inner))
  }

  /// RFC 5321 §4.1.2: `A-d-l = At-domain *( "," At-domain )`; it must be accepted and should be ignored.
  private func withoutRoute(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> UnsafeRawBufferPointer {
    guard bytes.first == 0x40 else { return bytes }
    guard let colon = bytes.offset(of: 0x3a) else { throw Fault() }
    return bytes.slice(colon &+ 1, bytes.count)
  }

  private func parseMailbox(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Mailbox {
    var cursor = ByteCursor(bytes)
    var local: [UInt8] = []
    var domain: String?
    var hasAt = false
    while let byte = cursor.peek {
      if byte == 0x40 {
        hasAt = true
        domain = parseDomain(cursor.rest.slice(1, bytes.count))
        if domain != nil { break }
        if rules.takesNullDomain, cursor.rest.count == 1, !local.isEmpty { return try named(local, nil) }
      }
      try parseLocalPiece(&cursor, into: &local)
    }
    if local.isEmpty || hasAt && domain == nil { throw Fault() }
    return try named(local, domain)
  }

  private func parseDomain(_ bytes: UnsafeRawBufferPointer) -> String? {
    DomainParser.parse(bytes) ?? (rules.takesNumericDomain ? DomainParser.parseBareAddress(bytes) : nil)
  }

  private func named(_ local: [UInt8], _ domain: String?) throws(Fault) -> Mailbox {
    if local.first == 0x2d, !rules.takesHyphen { throw Fault() }
    return Mailbox(localPart: String(decoding: local, as: UTF8.self), domain: domain)
  }

  /// One character of a Dot-string, one quoted-pair, or one whole Quoted-string.
  private func parseLocalPiece(_ cursor: inout ByteCursor, into local: inout [UInt8]) throws(Fault) {
    guard let byte = cursor.next() else { return }
    switch byte {
    case 0x22: try parseQuoted(&cursor, into: &local)
    case 0x5c: try local.append(quotedPair(&cursor))
    case 0x2e, 0x40, 0x80...0xff: local.append(byte)
    default:
      guard ASCIISet.atext.contains(byte) else { throw Fault() }
      local.append(byte)
    }
  }

  /// RFC 5321 §4.1.2: `Quoted-string = DQUOTE *QcontentSMTP DQUOTE`
  private func parseQuoted(_ cursor: inout ByteCursor, into local: inout [UInt8]) throws(Fault) {
    while let byte = cursor.next() {
      if byte == 0x22 { return }
      if byte == 0x5c { try local.append(quotedPair(&cursor)) } else { try local.append(printable(byte)) }
    }
    throw Fault()
  }

  private func quotedPair(_ cursor: inout ByteCursor) throws(Fault) -> UInt8 {
    guard let byte = cursor.next() else { throw Fault() }
    return try printable(byte)
  }

  /// RFC 5321 §4.1.2: qtextSMTP and quoted-pairSMTP know no control characters.
  private func printable(_ byte: UInt8) throws(Fault) -> UInt8 {
    if byte < 0x20 || byte == 0x7f { throw Fault() }
    return byte
  }
}
