// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.1.2: `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF`
package struct MailCommand: Equatable, Sendable {
  package let sender: ReversePath
  package let parameters: MailParameters

  static func parse(_ arguments: Arguments, _ rules: PathRules) throws(Refusal) -> MailCommand {
    var arguments = arguments
    guard arguments.take(keyword: "FROM"), !arguments.isAtEnd else { throw Refusal(Replies.mailSyntax) }
    let mailbox: Mailbox?
    do {
      mailbox = try PathParser(rules: rules).parsePath(arguments.word() ?? UnsafeRawBufferPointer(start: nil, count: 0))
    } catch { throw Refusal(Replies.badSender) }
    var parameters = MailParameters()
    while let word = arguments.plainWord() { try parameters.parse(word) }
    return MailCommand(sender: mailbox.map(ReversePath.mailbox) ?? .null, parameters: parameters)
  }
}

/// What may follow the reverse-path.
package struct MailParameters: Equatable, Sendable {
  package enum Body: Sendable { case sevenBit, eightBitMIME }
  /// RFC 3461 §4.3.
  package enum Return: Sendable { case full, headers }

  /// RFC 1870 §4: the size the client declares.
  package internal(set) var size: Int?
  /// RFC 6152 §3.
  package internal(set) var body: Body?
  /// RFC 6531 §3.4.
  package internal(set) var smtpUTF8 = false
  /// What would become of the message is asked, and nobody gets it: `sendmail -bv`. Of users of this host only.
  package internal(set) var isProbe = false
  package internal(set) var returnContent: Return?
  /// RFC 3461 §4.4, decoded.
  package internal(set) var envelopeID: String?

  mutating func parse(_ word: UnsafeRawBufferPointer) throws(Refusal) {
    let equals = word.offset(of: 0x3d)
    let name = word.slice(0, equals ?? word.count)
    guard let equals else {
      if name.equalsIgnoringCase("SMTPUTF8") {
        smtpUTF8 = true
      } else if name.equalsIgnoringCase("XPROBE") {
        isProbe = true
      } else {
        throw Refusal(Replies.unsupportedOption(word))
      }
      return
    }
    try parse(name: name, value: word.slice(equals &+ 1, word.count), word: word)
  }

  private mutating func parse(
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, word: UnsafeRawBufferPointer
  ) throws(Refusal) {
    if name.equalsIgnoringCase("SIZE") {
      size = try parseSize(value)
    } else if name.equalsIgnoringCase("BODY"), let body = Body(value) {
      self.body = body
    } else if name.equalsIgnoringCase("RET") {
      guard returnContent == nil, let parsed = Return(value) else { throw Refusal(Replies.badReturn) }
      returnContent = parsed
    } else if name.equalsIgnoringCase("ENVID") {
      guard envelopeID == nil, !value.isEmpty, value.count <= 100, let parsed = XText.parse(value) else { throw Refusal(Replies.badEnvelopeID) }
      envelopeID = parsed
    } else if !name.equalsIgnoringCase("AUTH") || value.isEmpty {
      // RFC 4954 §5 has AUTH= ignored where it cannot be trusted, which is everywhere until AUTH is offered.
      throw Refusal(Replies.unsupportedOption(word))
    }
  }

  /// RFC 1870 §3: `size-value ::= 1*20DIGIT`
  private func parseSize(_ value: UnsafeRawBufferPointer) throws(Refusal) -> Int {
    guard !value.isEmpty, value.allSatisfy(ASCIISet.digit.contains) else { throw Refusal(Replies.badSize) }
    guard let size = value.decimal() else { throw Refusal(Replies.sizeBeyondFileSystem) }
    return size
  }
}

extension MailParameters.Body {
  init?(_ value: UnsafeRawBufferPointer) {
    if value.equalsIgnoringCase("7BIT") { self = .sevenBit } else if value.equalsIgnoringCase("8BITMIME") { self = .eightBitMIME } else { return nil }
  }
}

extension MailParameters.Return {
  init?(_ value: UnsafeRawBufferPointer) {
    if value.equalsIgnoringCase("FULL") { self = .full } else if value.equalsIgnoringCase("HDRS") { self = .headers } else { return nil }
  }
}
