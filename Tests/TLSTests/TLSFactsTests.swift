// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

@Suite struct TLSFactsTests {
  let folder = TemporaryFolder()

  func facts(_ kind: Identity.Kind, _ protocols: String = "TLSv1.3") throws -> (server: TLSFacts, client: TLSFacts) {
    let context = try TLSServerContext(TLSServerSettings(files: folder.write(Identity("mx.example.org", kind), as: "server")))
    let pair = try Pair(context, TLSClientContext(verification: .none, protocols: TLSProtocols(protocols)), serverName: "mx.example.org")
    #expect(pair.handshake() == (.done, .done))
    return (pair.server.facts, pair.client.facts)
  }

  @Test func theLogLineIsPostfixs() throws {
    #expect(
      try facts(.p256).server.summary(peer: "host.example[192.0.2.1]")
        == "Anonymous TLS connection established from host.example[192.0.2.1]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        + "(256/256 bits) key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256")
  }

  @Test func theClientSeesTheSameAgreement() throws {
    #expect(
      try facts(.rsa2048).client.summary(peer: "mx.example.org[192.0.2.1]:25")
        == "Untrusted TLS connection established to mx.example.org[192.0.2.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        + "(256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256")
  }

  @Test func beforeTLS13TheCipherSaysItAll() throws {
    #expect(
      try facts(.p256, "TLSv1.2").server.summary(peer: "a[192.0.2.1]")
        == "Anonymous TLS connection established from a[192.0.2.1]: TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384 (256/256 bits)")
  }

  @Test(arguments: [
    (TLSFacts.PeerCertificate.untrusted(commonName: "a", issuer: "b"), "Untrusted"), (.trusted(commonName: "a", issuer: "b"), "Trusted"),
    (.verified(commonName: "a", issuer: "b"), "Verified"), (.absent, "Anonymous"), (.notRequested, "Anonymous"),
  ])
  func theFirstWordIsTheTrust(peer: TLSFacts.PeerCertificate, word: String) {
    let facts = TLSFacts(
      isServer: true, protocolVersion: "TLSv1.3", cipher: "C", usedBits: 128, algorithmBits: 256, keyExchange: nil, serverSignature: nil,
      clientSignature: TLSFacts.Signature(algorithm: "Ed25519", digest: nil), peer: peer, serverName: "mx", isResumed: true)
    #expect(
      facts.summary(peer: "h[1]") == "\(word) TLS connection reused from h[1] to mx: TLSv1.3 with cipher C (128/256 bits) client-signature Ed25519")
  }

  @Test(arguments: [(true, TLSFacts.PeerCertificate.absent), (false, .notRequested)])
  func aClientWithoutCertificate(isAsked: Bool, peer: TLSFacts.PeerCertificate) throws {
    var settings = TLSServerSettings(files: folder.write(Identity("mx.example.org"), as: "server"))
    settings.asksClientCertificate = isAsked
    let pair = try Pair(TLSServerContext(settings), TLSClientContext(verification: .none))
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.server.facts.peer == peer)
  }

  @Test func namesInCertificatesCannotForgeHeaders() throws {
    let identity = Identity("evil\r\nBcc: (x) \"y\"")
    let context = try TLSServerContext(TLSServerSettings(files: folder.write(identity, as: "server")))
    let pair = try Pair(context, TLSClientContext(verification: .none))
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.client.facts.peer == .untrusted(commonName: "evil??Bcc: ?x? ?y?", issuer: "evil??Bcc: ?x? ?y?"))
  }
}
