// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What is said in a transaction.
extension ClientMachine {
  /// So many commands at most are on their way: their answers must fit where the server puts them while it still reads.
  private static var window: Int { 200 }

  /// Appends what may be sent now: everything, or one command where the server offers no PIPELINING.
  mutating func send(into output: inout ByteBuffer) {
    guard let message else { return }
    let window = extensions.offers("PIPELINING") ? ClientMachine.window : 1
    while expected.count < window, next != .nothing, next != .content {
      say(message, into: &output)
    }
  }

  private mutating func say(_ message: OutgoingMessage, into output: inout ByteBuffer) {
    switch next {
    case .reset:
      output.append("RSET\r\n")
      expected.append(.reset)
      next = .forward(0)
    case .forward(let index):
      sayForward(message, index, into: &output)
      next = index + 1 < message.forward.count ? .forward(index + 1) : .mail
    case .mail:
      sayMail(message, into: &output)
      expected.append(.mail)
      next = .recipient(0)
    case .recipient(let index):
      sayRecipient(message.recipients[index], into: &output)
      expected.append(.recipient(index))
      next = index + 1 < message.recipients.count ? .recipient(index + 1) : afterRecipients
    case .data:
      output.append("DATA\r\n")
      expected.append(.data)
      next = .nothing
    case .content, .nothing: break
    }
  }

  private var afterRecipients: Step {
    switch message?.probe {
    case .recipients: .nothing
    case .data: .data
    case nil: usesChunks ? .content : .data
    }
  }

  private var usesChunks: Bool { rules.usesChunks && message?.hasKnownForm == true && extensions.offers("CHUNKING") }

  /// Postfix's XFORWARD_README: only what the server wants to know.
  private mutating func sayForward(_ message: OutgoingMessage, _ index: Int, into output: inout ByteBuffer) {
    guard message.forward.indices.contains(index) else { return }
    let told = message.forward[index].filter { !$0.value.isEmpty && extensions.forwards.contains($0.name) }
    if told.isEmpty { return }
    output.append("XFORWARD")
    for (name, value) in told { output.append(" \(name)=\(XText.write(value))") }
    output.append("\r\n")
    expected.append(.forward)
  }

  /// RFC 5321 §4.1.1.2, RFC 1870 §6, RFC 6152 §2, RFC 6531 §3.4, RFC 3461 §4.3 and §4.4
  private func sayMail(_ message: OutgoingMessage, into output: inout ByteBuffer) {
    output.append("MAIL FROM:<")
    say(address: message.sender, into: &output)
    output.append(">")
    if let size = message.size, extensions.offers("SIZE") { output.append(" SIZE=\(size)") }
    if message.body == .eightBitMIME, extensions.offers("8BITMIME") { output.append(" BODY=8BITMIME") }
    if message.needsSMTPUTF8 { output.append(" SMTPUTF8") }
    if extensions.offers("DSN") {
      if let wanted = message.returnContent { output.append(wanted == .full ? " RET=FULL" : " RET=HDRS") }
      if !message.envelopeID.isEmpty { output.append(" ENVID=\(XText.write(message.envelopeID))") }
    }
    output.append("\r\n")
  }

  /// RFC 5321 §4.1.1.3, RFC 3461 §4.1 and §4.2
  private func sayRecipient(_ recipient: OutgoingMessage.Recipient, into output: inout ByteBuffer) {
    output.append("RCPT TO:<")
    say(address: recipient.address, into: &output)
    output.append(">")
    if extensions.offers("DSN") {
      if let semicolon = recipient.originalRecipient.firstIndex(of: ";") {
        let original = recipient.originalRecipient
        output.append(" ORCPT=\(original[..<semicolon]);\(XText.write(String(original[original.index(after: semicolon)...])))")
      }
      if !recipient.notify.isEmpty { output.append(" NOTIFY=\(recipient.notify)") }
    }
    output.append("\r\n")
  }

  /// A control character, which no legal address has, must not become a second command.
  private func say(address: String, into output: inout ByteBuffer) {
    if address.isEmpty || Mailbox.isPlain(address) { return output.append(address) }
    let text = rules.quotes ? Mailbox(address: address).quoted : address
    output.append(text.utf8.contains { $0 < 0x20 } ? String(text.unicodeScalars.map { $0.value < 0x20 ? "?" : Character($0) }) : text)
  }
}
