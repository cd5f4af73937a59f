// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing

@testable import Runtime

@Suite struct TLSClientTests {
  let folder = TemporaryFolder()
  let identity = Identity("mx.example.org")

  func pair(_ verification: TLSClientContext.Verification, name: String?) throws -> Pair {
    let server = try TLSServerContext(TLSServerSettings(files: folder.write(identity, as: "server")))
    return try Pair(server, TLSClientContext(verification: verification), serverName: name)
  }

  var trusted: TLSClientContext.Verification { .file(folder.write("authorities.pem", identity.certificate)) }

  @Test(arguments: ["mx.example.org", "MX.example.org"])
  func aTrustedCertificateForTheNameIsVerified(name: String) throws {
    let pair = try pair(trusted, name: name)
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.client.facts.peer == .verified(commonName: "mx.example.org", issuer: "mx.example.org"))
    let summary = pair.client.facts.summary(peer: "mx.example.org[192.0.2.1]:25")
    #expect(summary.hasPrefix("Verified TLS connection established to mx.example.org[192.0.2.1]:25: TLSv1.3 with cipher "))
  }

  @Test func withoutANameTheCertificateIsTrustedOnly() throws {
    let pair = try pair(trusted, name: nil)
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.client.facts.peer == .trusted(commonName: "mx.example.org", issuer: "mx.example.org"))
  }

  @Test(arguments: [("other.example.org", "hostname mismatch"), ("192.0.2.1", "IP address mismatch")])
  func aCertificateForAnotherNameIsRefused(name: String, reason: String) throws {
    #expect(try pair(trusted, name: name).handshake().client == .failed(.unverified(reason)))
  }

  @Test func anUnknownAuthorityIsRefused() throws {
    let other = folder.write("other.pem", Identity("mx.example.org").certificate)
    for verification in [.file(other), .systemAuthorities] as [TLSClientContext.Verification] {
      let (server, client) = try pair(verification, name: "mx.example.org").handshake()
      let reason = try #require(client.error).description
      #expect(reason.hasPrefix("certificate verification failed: "))
      #expect(server != .wantWrite)
    }
  }

  @Test func withoutVerificationAnyCertificateWillDo() throws {
    let pair = try pair(.none, name: "other.example.org")
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.client.facts.peer == .untrusted(commonName: "mx.example.org", issuer: "mx.example.org"))
    #expect(pair.client.facts.serverName == "other.example.org")
  }

  @Test func addressesAreNotSentAsNames() throws {
    let server = try TLSServerContext(TLSServerSettings(files: folder.write(identity, as: "server")))
    for (name, sent) in [("192.0.2.1", nil), ("2001:db8::1", nil), ("a.example", "a.example")] as [(String, String?)] {
      let pair = try Pair(server, TLSClientContext(verification: .none), serverName: name)
      #expect(pair.handshake() == (.done, .done))
      #expect(pair.client.facts.serverName == sent)
      let seen = SSL_get_servername(pair.server.ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
      #expect(seen == sent)
    }
  }

  @Test func anAuthoritiesFileThatIsNotThereIsNamed() {
    let path = folder.file("absent.pem")
    #expect(throws: TLSConfigurationError.self) { try TLSClientContext(verification: .file(path)) }
  }
}
