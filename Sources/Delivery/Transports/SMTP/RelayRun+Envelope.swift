// SPDX-License-Identifier: Apache-2.0
import Queue
import SMTP

extension RelayRun {
  /// The envelope as this server is to hear it.
  func envelope(for session: RelaySession) -> OutgoingMessage {
    let envelope = job.message.envelope
    var message = OutgoingMessage(sender: generic(envelope.sender), recipients: open.map { recipient(envelope.recipients[$0]) })
    if job.isProbe {
      message.probe = settings.probesData ? .data : .recipients
      message.needsSMTPUTF8 = !isASCII(message)
      return message
    }
    message.size = job.message.size
    message.body = content.isEightBit && session.machine.extensions.offers("8BITMIME") ? .eightBitMIME : .sevenBit
    message.needsSMTPUTF8 = envelope.smtpUTF8 && (content.hasUTF8Header || !isASCII(message))
    message.returnContent = envelope.returnContent.map { $0 == .full ? .full : .headers }
    message.envelopeID = envelope.envelopeID ?? ""
    message.hasKnownForm = content.isInMemory
    if settings.forwardsClients, let client = envelope.client { message.forward = client.attributes(job.message.id) }
    return message
  }

  private func isASCII(_ message: OutgoingMessage) -> Bool {
    message.sender.utf8.allSatisfy { $0 < 0x80 } && message.recipients.allSatisfy { $0.address.utf8.allSatisfy { $0 < 0x80 } }
  }

  private func recipient(_ recipient: Queue.Recipient) -> OutgoingMessage.Recipient {
    OutgoingMessage.Recipient(
      generic(recipient.address), notify: recipient.notify.words, originalRecipient: recipient.originalRecipient ?? original(recipient.original))
  }

  /// RFC 3461 §4.2: as Postfix, the address that the client gave is told where it named none.
  private func original(_ address: String) -> String {
    address.isEmpty ? "" : "\(address.utf8.allSatisfy { $0 < 0x80 } ? "rfc822" : "utf-8");\(address)"
  }

  private func generic(_ address: String) -> String {
    settings.generic.isEmpty ? address : addresses.address(for: address)
  }
}

extension RelayRun {
  /// Whoever the envelope will name.
  func learnAddresses() async throws(RelaySession.Trouble) {
    if settings.generic.isEmpty { return }
    let envelope = job.message.envelope
    try await addresses.learn([envelope.sender] + open.map { envelope.recipients[$0].address })
  }
}

extension MailClient {
  /// In two commands, as Postfix has them. What is `unknown` is not told.
  fileprivate func attributes(_ id: QueueID) -> [[(name: String, value: String)]] {
    let isV6 = address.contains(":") && !address.lowercased().hasPrefix("ipv6:")
    let first = [("NAME", name), ("ADDR", isV6 ? "IPv6:\(address)" : address), ("PORT", port)]
    return [
      first.map { ($0.0, $0.1 == Self.unknown ? "" : $0.1) },
      [("PROTO", protocolName), ("HELO", helo), ("IDENT", id.description), ("SOURCE", isLocal ? "LOCAL" : "REMOTE")],
    ]
  }

  private static let unknown = "unknown"
}

extension Queue.Recipient.Notify {
  /// As in `SUCCESS,DELAY`; empty for the default.
  fileprivate var words: String {
    if isEmpty { return "" }
    if contains(.never) { return "NEVER" }
    return [(Self.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")].filter { contains($0.0) }.map(\.1).joined(separator: ",")
  }
}

extension RelaySession {
  /// A message begins on it.
  func begin() {
    uses += 1
    isUntouched = true
  }
}
