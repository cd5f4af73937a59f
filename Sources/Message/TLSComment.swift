// SPDX-License-Identifier: Apache-2.0

/// The comment on encryption in a `Received:` field (`smtpd_tls_received_header`).
package struct TLSComment: Equatable, Sendable {
  /// `TLSv1.3`.
  package var version: String
  package var cipher: String
  package var usedBits: Int
  package var algorithmBits: Int
  /// `X25519`, or `ECDHE` with its group in `keyExchangeGroup`.
  package var keyExchange: String?
  package var keyExchangeGroup: String?
  package var signature: Signature?
  package var client: ClientCertificate

  package init(
    version: String, cipher: String, usedBits: Int, algorithmBits: Int, keyExchange: String? = nil, keyExchangeGroup: String? = nil,
    signature: Signature? = nil, client: ClientCertificate = .notRequested
  ) {
    self.version = version
    self.cipher = cipher
    self.usedBits = usedBits
    self.algorithmBits = algorithmBits
    self.keyExchange = keyExchange
    self.keyExchangeGroup = keyExchangeGroup
    self.signature = signature
    self.client = client
  }

  /// What the server signed the handshake with: `ECDSA (prime256v1) server-digest SHA256`.
  package struct Signature: Equatable, Sendable {
    package var algorithm: String
    /// The curve, or the size as in `2048 bits`.
    package var parameter: String?
    package var digest: String?

    package init(algorithm: String, parameter: String? = nil, digest: String? = nil) {
      self.algorithm = algorithm
      self.parameter = parameter
      self.digest = digest
    }
  }

  package enum ClientCertificate: Equatable, Sendable {
    case notRequested
    case notPresented
    case presented(commonName: String, issuer: String, verified: Bool)
  }

  func write(into output: inout [UInt8]) {
    output.write("\t(using ")
    output.writeVisible(version)
    output.write(" with cipher ")
    output.writeVisible(cipher)
    output.write(" (\(usedBits)/\(algorithmBits) bits)")
    if keyExchange != nil || signature != nil { output.write("\n\t") }
    writeKeyExchange(into: &output)
    writeSignature(into: &output)
    output.write(")\n")
    writeClient(into: &output)
  }

  private func writeKeyExchange(into output: inout [UInt8]) {
    guard let keyExchange else { return }
    output.write(" key-exchange ")
    output.writeVisible(keyExchange)
    writeParameter(keyExchangeGroup, into: &output)
  }

  private func writeSignature(into output: inout [UInt8]) {
    guard let signature else { return }
    output.write(" server-signature ")
    output.writeVisible(signature.algorithm)
    writeParameter(signature.parameter, into: &output)
    guard let digest = signature.digest else { return }
    output.write(" server-digest ")
    output.writeVisible(digest)
  }

  private func writeParameter(_ parameter: String?, into output: inout [UInt8]) {
    guard let parameter else { return }
    output.write(" (")
    output.writeVisible(parameter)
    output.write(")")
  }

  private func writeClient(into output: inout [UInt8]) {
    switch client {
    case .notRequested: output.write("\t(No client certificate requested)\n")
    case .notPresented: output.write("\t(Client did not present a certificate)\n")
    case .presented(let commonName, let issuer, let verified):
      output.write("\t(Client CN \"")
      output.writeVisible(commonName)
      output.write("\", Issuer \"")
      output.writeVisible(issuer)
      output.write(verified ? "\" (verified OK))\n" : "\" (not verified))\n")
    }
  }
}
