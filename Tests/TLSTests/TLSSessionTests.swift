// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Runtime

@Suite struct TLSSessionTests {
  let folder = TemporaryFolder()

  func server(_ kind: Identity.Kind = .p256, _ change: (inout TLSServerSettings) throws -> Void = { _ in }) throws -> TLSServerContext {
    var settings = TLSServerSettings(files: folder.write(Identity("mx.example.org", kind), as: "server"))
    try change(&settings)
    return try TLSServerContext(settings)
  }

  @Test func handshakeAndBothDirections() throws {
    let pair = try Pair(server(), TLSClientContext(verification: .none), serverName: "mx.example.org")
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.client.write("EHLO a\r\n") == .bytes(8))
    #expect(pair.server.readText() == "EHLO a\r\n")
    #expect(pair.server.write("250 b\r\n") == .bytes(7))
    #expect(pair.client.readText() == "250 b\r\n")
    #expect(pair.server.read().0 == .wantRead)
  }

  @Test func factsAreInPostfixWords() throws {
    let pair = try Pair(server(), TLSClientContext(verification: .none), serverName: "mx.example.org")
    #expect(pair.handshake() == (.done, .done))
    #expect(
      pair.server.facts.summary(peer: "host.example[192.0.2.1]")
        == "Anonymous TLS connection established from host.example[192.0.2.1]: TLSv1.3 with cipher "
        + "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256")
  }
}
