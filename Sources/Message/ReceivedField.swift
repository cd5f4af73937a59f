// SPDX-License-Identifier: Apache-2.0

/// What the `Received:` field of a message tells about the session that brought it (RFC 5321 §4.4), with Postfix's layout.
package struct ReceivedField: Sendable {
  /// The name that HELO or EHLO gave; nil writes the client's own name.
  package var helo: String?
  /// The verified name of the client, or `unknown`.
  package var clientName: String
  /// The client's address as RFC 5321 §4.1.3 writes it: `192.0.2.1` or `IPv6:2001:db8::1`.
  package var clientAddress: String
  package var transmission: Transmission
  package var tls: TLSComment?
  /// Written only for `smtpd_sasl_authenticated_header = yes`.
  package var authenticatedSender: String?
  package var queueID: String
  /// Whose mail it is that was handed in on this machine: then nothing is said of a client, nor of the recipient.
  package var userID: UInt32?
  /// The recipient, where there is only one.
  package var recipient: String?

  package init(
    helo: String?, clientName: String, clientAddress: String, transmission: Transmission, tls: TLSComment? = nil,
    authenticatedSender: String? = nil, queueID: String, recipient: String?
  ) {
    self.helo = helo
    self.clientName = clientName
    self.clientAddress = clientAddress
    self.transmission = transmission
    self.tls = tls
    self.authenticatedSender = authenticatedSender
    self.queueID = queueID
    self.recipient = recipient
  }

  func write(by host: String, product: String, into output: inout [UInt8]) {
    if let userID { return writeLocal(userID, host, product, into: &output) }
    output.write("Received: from ")
    output.writeVisible(helo ?? clientName)
    output.write(" (")
    output.writeVisible(clientName)
    output.write(" [")
    output.writeVisible(clientAddress)
    output.write("])\n")
    tls?.write(into: &output)
    writeAuthenticatedSender(into: &output)
    output.write("\tby ")
    output.writeVisible(host)
    output.write(" (")
    output.writeVisible(product)
    output.write(") with ")
    output.write(transmission.keyword)
    output.write(" id ")
    output.write(queueID)
    writeRecipient(into: &output)
  }

  private func writeLocal(_ userID: UInt32, _ host: String, _ product: String, into output: inout [UInt8]) {
    output.write("Received: by ")
    output.writeVisible(host)
    output.write(" (")
    output.writeVisible(product)
    output.write(", from userid \(userID))\n\tid ")
    output.write(queueID)
    output.write("; ")
  }

  private func writeAuthenticatedSender(into output: inout [UInt8]) {
    guard let authenticatedSender else { return }
    output.write("\t(Authenticated sender: ")
    output.writeVisible(authenticatedSender)
    output.write(")\n")
  }

  private func writeRecipient(into output: inout [UInt8]) {
    guard let recipient else { return output.write(";\n\t") }
    output.write("\n\tfor <")
    output.writeAddress(recipient)
    output.write(">; ")
  }
}

/// The protocol that a message came by.
package struct Transmission: Equatable, Sendable {
  package var extended: Bool
  package var encrypted: Bool
  package var authenticated: Bool
  package var smtpUTF8: Bool

  package init(extended: Bool, encrypted: Bool = false, authenticated: Bool = false, smtpUTF8: Bool = false) {
    self.extended = extended
    self.encrypted = encrypted
    self.authenticated = authenticated
    self.smtpUTF8 = smtpUTF8
  }

  /// RFC 3848 and RFC 6531 §3.7.3: `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, `UTF8SMTP` and so on.
  package var keyword: String {
    guard extended || smtpUTF8 else { return "SMTP" }
    return (smtpUTF8 ? "UTF8SMTP" : "ESMTP") + (encrypted ? "S" : "") + (authenticated ? "A" : "")
  }
}
