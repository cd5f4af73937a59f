// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.1.3: `rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF`
package struct RcptCommand: Equatable, Sendable {
  package let recipient: ForwardPath
  package let parameters: RcptParameters

  static func parse(_ arguments: Arguments, _ rules: PathRules) throws(Refusal) -> RcptCommand {
    var arguments = arguments
    guard arguments.take(keyword: "TO"), !arguments.isAtEnd else { throw Refusal(Replies.rcptSyntax) }
    let mailbox: Mailbox?
    do {
      mailbox = try PathParser(rules: rules).parsePath(arguments.word() ?? UnsafeRawBufferPointer(start: nil, count: 0))
    } catch { throw Refusal(Replies.badRecipient) }
    guard let mailbox else { throw Refusal(Replies.badRecipient) }
    var parameters = RcptParameters()
    while let word = arguments.plainWord() { try parameters.parse(word) }
    return RcptCommand(recipient: ForwardPath(mailbox), parameters: parameters)
  }
}

/// What may follow the forward-path.
package struct RcptParameters: Equatable, Sendable {
  /// RFC 3461 §4.1; empty when not given.
  package struct Notify: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let never = Notify(rawValue: 1)
    package static let success = Notify(rawValue: 2)
    package static let failure = Notify(rawValue: 4)
    package static let delay = Notify(rawValue: 8)
  }

  package internal(set) var notify: Notify = []
  /// RFC 3461 §4.2: `type;address`, the address decoded.
  package internal(set) var originalRecipient: String?

  mutating func parse(_ word: UnsafeRawBufferPointer) throws(Refusal) {
    guard let equals = word.offset(of: 0x3d) else { throw Refusal(Replies.unsupportedOption(word)) }
    let name = word.slice(0, equals)
    let value = word.slice(equals &+ 1, word.count)
    if name.equalsIgnoringCase("NOTIFY") {
      guard notify.isEmpty, let parsed = Notify(value) else { throw Refusal(Replies.badNotify) }
      notify = parsed
    } else if name.equalsIgnoringCase("ORCPT") {
      guard originalRecipient == nil, let parsed = RcptParameters.parseOriginalRecipient(value) else { throw Refusal(Replies.badORCPT) }
      originalRecipient = parsed
    } else {
      throw Refusal(Replies.unsupportedOption(word))
    }
  }

  /// RFC 3461 §4.2: `original-recipient-address = addr-type ";" xtext`
  private static func parseOriginalRecipient(_ value: UnsafeRawBufferPointer) -> String? {
    guard let semicolon = value.offset(of: 0x3b), semicolon > 0, value.count <= 500 else { return nil }
    let type = value.slice(0, semicolon)
    guard type.allSatisfy(ASCIISet.atext.contains), let address = XText.parse(value.slice(semicolon &+ 1, value.count)) else { return nil }
    return String(decoding: type, as: UTF8.self) + ";" + address
  }
}

extension RcptParameters.Notify {
  /// RFC 3461 §4.1: `notify-esmtp-value = "NEVER" / 1#notify-list-element`; RFC 822 §2.7 lets elements of a list be empty.
  init?(_ value: UnsafeRawBufferPointer) {
    self = []
    var cursor = ByteCursor(value)
    let comma = ASCIISet(",")
    repeat {
      let element = cursor.take(until: comma)
      if element.equalsIgnoringCase("NEVER") {
        insert(.never)
      } else if element.equalsIgnoringCase("SUCCESS") {
        insert(.success)
      } else if element.equalsIgnoringCase("FAILURE") {
        insert(.failure)
      } else if element.equalsIgnoringCase("DELAY") {
        insert(.delay)
      } else if !element.isEmpty {
        return nil
      }
    } while cursor.take(0x2c)
    if isEmpty || contains(.never) && self != .never { return nil }
  }
}
