// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import SMTP

/// Restrictions on the name in HELO or EHLO.
extension Evaluation {
  private var heloContext: Context { Context(name: facts.helo ?? "", replyClass: AccessSubject.helo.replyClass) }

  /// A dot at the end is allowed (RFC 1034 §3.1).
  private func withoutDot(_ name: String) -> String { name.utf8.last == UInt8(ascii: ".") ? String(name.dropLast()) : name }

  mutating func rejectInvalidHelo() -> Outcome {
    guard let helo = facts.helo else { return .dunno }
    if helo.utf8.first == UInt8(ascii: "[") { return rejectInvalidLiteral(helo) }
    // An address without its brackets is wrong too (RFC 5321 §4.1.3), but Postfix lets it pass.
    if isValidHostName(withoutDot(helo)) || IPAddress(helo) != nil { return .dunno }
    return reject(settings.invalidHostnameRejectCode, EnhancedStatus(5, 5, 2), heloContext, "Invalid name")
  }

  mutating func rejectNonFQDNHelo() -> Outcome {
    guard let helo = facts.helo else { return .dunno }
    if helo.utf8.first == UInt8(ascii: "[") { return rejectInvalidLiteral(helo) }
    let name = withoutDot(helo)
    if isValidHostName(name), name.utf8.contains(UInt8(ascii: ".")) { return .dunno }
    return reject(settings.nonFQDNRejectCode, EnhancedStatus(5, 5, 2), heloContext, "need fully-qualified hostname")
  }

  /// RFC 5321 §4.1.3.
  private mutating func rejectInvalidLiteral(_ helo: String) -> Outcome {
    if parseAddressLiteral(helo) != nil { return .dunno }
    return reject(settings.invalidHostnameRejectCode, EnhancedStatus(5, 5, 2), heloContext, "invalid ip address")
  }

  mutating func rejectUnknownHelo() throws(Interruption) -> Outcome {
    guard let helo = facts.helo else { return .dunno }
    if helo.utf8.first == UInt8(ascii: "[") { return rejectInvalidLiteral(helo) }
    let why = "<\(helo)>: \(heloContext.replyClass) rejected: Host not found"
    switch try existence(of: withoutDot(helo)) {
    case .exists, .acceptsNoMail: return .dunno
    case .missing: return reject(settings.unknownHostnameRejectCode, EnhancedStatus(4, 7, 1), why)
    case .unknown:
      return tempfail(settings.unknownHeloHostnameTempfailAction, Refusal(code: 450, status: EnhancedStatus(4, 7, 1), text: why))
    }
  }

  enum Existence { case exists, acceptsNoMail, missing, unknown }

  /// Whether a name has an address or an MX record.
  mutating func existence(of name: String) throws(Interruption) -> Existence {
    guard isValidHostName(name) else { return .missing }
    var isUnknown = false
    for query in [NameQuery.mx(name), .a(name), .aaaa(name)] {
      switch try ask(query) {
      case .success(let records): return records.isNullMX ? .acceptsNoMail : .exists
      case .failure(.notFound): continue
      // As in Postfix, what its own filter hides is held against nobody.
      case .failure(.filtered): return .exists
      case .failure: isUnknown = true
      }
    }
    return isUnknown ? .unknown : .missing
  }
}

extension [NameRecord] {
  /// RFC 7505 §3: one MX record, to the root.
  var isNullMX: Bool {
    guard count == 1, case .exchanger(_, let host) = self[0] else { return false }
    return host.isEmpty || host == "."
  }

  var addresses: [IPAddress] { compactMap { if case .address(let address) = $0 { address } else { nil } } }
}
