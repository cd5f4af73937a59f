// SPDX-License-Identifier: Apache-2.0
import SMTP

/// The right side of an access(5) table, or what a policy server answers.
enum AccessAction: Equatable {
  enum Code: Equatable {
    /// `access_map_reject_code`
    case reject
    /// `access_map_defer_code`
    case `defer`
    case number(UInt16)
  }

  case ok
  case dunno
  case refuse(Code, EnhancedStatus, String)
  case deferIfPermit(EnhancedStatus, String)
  case deferIfReject(EnhancedStatus, String)
  case warn(String)
  case info(String)
  case hold(String)
  case discard(String)
  case redirect(String)
  case bcc(String)
  case filter(String)
  case prepend(String)
  /// Anything else: restrictions.
  case restrictions(String)

  init(_ value: String) {
    let text = Substring(value).trimmedBlanks
    let word = text.prefix { $0 != " " && $0 != "\t" }
    self = Self.action(word, rest: text.dropFirst(word.count).trimmedBlanks) ?? .restrictions(String(text))
  }

  private static func action(_ word: Substring, rest: Substring) -> AccessAction? {
    // Most tables hold little else.
    if word == "OK" || word == "REJECT" || word == "DUNNO" { return keyword(String(word), String(rest)) }
    if word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return number(word, rest) }
    return keyword(word.uppercased(), String(rest))
  }

  private static func keyword(_ word: String, _ rest: String) -> AccessAction? {
    switch word {
    case "OK", "RELAY": return .ok
    case "DUNNO": return .dunno
    case "REJECT": return refusal(.reject, 5, rest, "Access denied")
    case "DEFER": return refusal(.defer, 4, rest, "Access denied")
    case "DEFER_IF_PERMIT":
      let (status, text) = split(rest, 4, "Service unavailable")
      return .deferIfPermit(status, text)
    case "DEFER_IF_REJECT":
      let (status, text) = split(rest, 4, "Service unavailable")
      return .deferIfReject(status, text)
    case "WARN": return .warn(rest)
    case "INFO": return .info(rest)
    case "HOLD": return .hold(rest)
    case "DISCARD": return .discard(rest)
    case "REDIRECT": return .redirect(rest)
    case "BCC": return .bcc(rest)
    case "FILTER": return .filter(rest)
    case "PREPEND": return .prepend(rest)
    default: return nil
    }
  }

  /// `550 5.7.1 text`; a number alone is what pop-before-smtp programs write, and means OK.
  private static func number(_ word: Substring, _ rest: Substring) -> AccessAction? {
    if rest.isEmpty { return .ok }
    guard word.utf8.count == 3, let code = UInt16(word), (400..<600).contains(code) else { return nil }
    return refusal(.number(code), code >= 500 ? 5 : 4, String(rest), "Access denied")
  }

  private static func refusal(_ code: Code, _ permanence: UInt8, _ text: String, _ fallback: String) -> AccessAction {
    let (status, text) = split(text, permanence, fallback)
    return .refuse(code, status, text)
  }

  /// Takes an enhanced status off the text, or gives it X.7.1.
  private static func split(_ text: String, _ permanence: UInt8, _ fallback: String) -> (EnhancedStatus, String) {
    let (status, rest) = EnhancedStatus.split(text[...])
    return (status ?? EnhancedStatus(permanence, 7, 1), rest.isEmpty ? fallback : String(rest))
  }
}

extension Substring {
  var trimmedBlanks: Substring {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}

extension EnhancedStatus {
  /// RFC 3463 §2 at the beginning of a text: the status, and what comes after it.
  static func split(_ text: Substring) -> (status: EnhancedStatus?, rest: Substring) {
    let text = text.trimmedBlanks
    let word = text.prefix { $0 != " " && $0 != "\t" }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, ["2", "4", "5"].contains(parts[0]), let subject = detail(parts[1]), let detail = detail(parts[2]) else {
      return (nil, text)
    }
    return (EnhancedStatus(UInt8(parts[0]) ?? 5, subject, detail), text.dropFirst(word.count).trimmedBlanks)
  }

  private static func detail(_ text: Substring) -> UInt16? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text)
  }

  /// With the class that fits the code: a 4yz reply has a 4.y.z status.
  func fitting(_ code: UInt16) -> EnhancedStatus { EnhancedStatus(code >= 500 ? 5 : 4, subject, detail) }

  /// access(5): the same table may serve senders, recipients and clients, so a status about an address is turned into the one that fits.
  func fitting(_ replyClass: String) -> EnhancedStatus {
    guard subject == 1 else { return self }
    switch replyClass {
    case Party.sender.replyClass: return EnhancedStatus(self.class, 1, Self.senderDetails[detail] ?? 0)
    case Party.recipient.replyClass: return EnhancedStatus(self.class, 1, Self.recipientDetails[detail] ?? 0)
    default: return EnhancedStatus(self.class, 0, 0)
    }
  }

  // RFC 3463 §3.2: 1 bad mailbox, 2 bad system, 3 bad syntax, 4 ambiguous, 6 moved (recipients); 7 bad syntax, 8 bad system (senders).
  private static let senderDetails: [UInt16: UInt16] = [1: 7, 2: 8, 3: 7, 4: 7, 5: 0, 6: 7, 7: 7, 8: 8]
  private static let recipientDetails: [UInt16: UInt16] = [1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 3, 8: 2]
}
