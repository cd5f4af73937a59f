// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What a finished handshake agreed on, in the words that Postfix uses.
package struct TLSFacts: Equatable, Sendable {
  package enum PeerCertificate: Equatable, Sendable {
    /// The client was not asked for one.
    case notRequested
    case absent
    /// Not signed by an authority we know, or not checked.
    case untrusted(commonName: String, issuer: String)
    case trusted(commonName: String, issuer: String)
    /// Trusted, and for the name that we asked for.
    case verified(commonName: String, issuer: String)
  }

  /// One side's proof of its key: "ECDSA (P-256)" and "SHA256".
  package struct Signature: Equatable, Sendable {
    package let algorithm: String
    package let digest: String?
  }

  package let isServer: Bool
  /// "TLSv1.3"
  package let protocolVersion: String
  package let cipher: String
  package let usedBits: Int
  package let algorithmBits: Int
  /// "X25519"; as Postfix, this and the signatures are only known from TLS 1.3 on.
  package let keyExchange: String?
  package let serverSignature: Signature?
  package let clientSignature: Signature?
  package let peer: PeerCertificate
  /// On the accepting side the name that chose the certificate (nil for the default one), else the name asked for.
  package let serverName: String?
  package let isResumed: Bool
  /// Of the client's certificate, on the accepting side.
  package var fingerprints: TLSFingerprints?
  /// On the connecting side: why the server is not the one that was expected.
  package var doubt: TLSDoubt?
}

extension TLSFacts {
  /// The line for the log: `Anonymous TLS connection established from host[ip]: TLSv1.3 with cipher …`.
  package func summary(peer namaddr: String, isReused: Bool? = nil) -> String {
    let name = isServer ? serverName.map { " to \($0)" } ?? "" : ""
    let what = "\(trustWord) TLS connection \(isReused ?? isResumed ? "reused" : "established")"
    return ([what, isServer ? "from" : "to", "\(namaddr)\(name):", cipherText] + details).joined(separator: " ")
  }

  private var cipherText: String { "\(protocolVersion) with cipher \(cipher) (\(usedBits)/\(algorithmBits) bits)" }

  private var details: [String] {
    var parts: [String] = []
    if let keyExchange { parts.append("key-exchange \(keyExchange)") }
    parts += words(serverSignature, "server") + words(clientSignature, "client")
    return parts
  }

  private func words(_ signature: Signature?, _ side: String) -> [String] {
    guard let signature else { return [] }
    return ["\(side)-signature \(signature.algorithm)"] + (signature.digest.map { ["\(side)-digest \($0)"] } ?? [])
  }

  private var trustWord: String {
    switch peer {
    case .notRequested, .absent: "Anonymous"
    case .untrusted: "Untrusted"
    case .trusted: "Trusted"
    case .verified: "Verified"
    }
  }
}
