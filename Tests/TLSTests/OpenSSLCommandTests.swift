// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

/// The `openssl` program as the client.
@Suite struct OpenSSLCommandTests {
  let folder = TemporaryFolder()
  let identity = Identity("mx.example.org")

  func server(_ change: (inout TLSServerSettings) -> Void = { _ in }) throws -> TLSServerContext {
    var settings = TLSServerSettings(files: folder.write(identity, as: "server"))
    change(&settings)
    return try TLSServerContext(settings)
  }

  func client(_ server: EchoServer, _ arguments: String...) throws -> Command {
    try Command(["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"] + arguments)
  }

  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func verifiedExchange(version: String) throws {
    let server = try EchoServer(server())
    let client = try client(
      server, version, "-quiet", "-no_ign_eof", "-verify_return_error", "-CAfile", folder.file("server.pem"), "-verify_hostname", "mx.example.org",
      "-servername", "mx.example.org")
    client.write("EHLO client\n")
    #expect(client.waits(for: "EHLO client\n"))
    let (status, output) = client.finish()
    #expect(status == 0, "\(output)")
    let result = server.finish()
    #expect(result.received == Array("EHLO client\n".utf8))
    #expect(result.end == .closed)
    #expect(result.facts?.protocolVersion == (version == "-tls1_3" ? "TLSv1.3" : "TLSv1.2"))
  }

  @Test func theNameChooses() throws {
    let server = try EchoServer(server { $0.names["*.example.com"] = folder.write(Identity("wild.example.com"), as: "wild") })
    let client = try client(server, "-brief", "-servername", "mail.example.com")
    #expect(client.finish().output.contains("Peer certificate: CN = wild.example.com"))
    #expect(server.finish().facts?.serverName == "mail.example.com")
  }

  @Test func renegotiationIsRefused() throws {
    let server = try EchoServer(server())
    let client = try client(server, "-tls1_2")
    #expect(client.waits(for: "Verify return code"))
    client.write("R\n")
    #expect(client.waits(for: "no renegotiation"))
    _ = client.finish()
    let result = server.finish()
    #expect(result.handshake == .done)
    #expect(result.received.isEmpty)
  }

  @Test func keyUpdatesAreFollowed() throws {
    let server = try EchoServer(server())
    let client = try client(server, "-tls1_3")
    #expect(client.waits(for: "Verify return code"))
    client.write("K\n")
    #expect(client.waits(for: "KEYUPDATE"))
    client.write("after the update\n")
    #expect(client.waits(for: "after the update"))
    _ = client.finish()
    #expect(server.finish().received == Array("after the update\n".utf8))
  }

  @Test(arguments: [("-tls1_3", true), ("-tls1_2", true), ("-tls1_3", false), ("-tls1_2", false)])
  func ticketsResume(version: String, hasTickets: Bool) throws {
    let context = try server { $0.ticketLifetime = hasTickets ? .seconds(3600) : .zero }
    let (first, ticket) = (try EchoServer(context), folder.file("ticket"))
    let firstClient = try client(first, version, "-sess_out", ticket)
    firstClient.write("one\n")
    #expect(firstClient.waits(for: "one\n"))
    _ = firstClient.finish()
    #expect(first.finish().facts?.isResumed == false)
    let second = try EchoServer(context)
    // Without tickets TLS 1.3 has no session to write out.
    let hasSession = !contents(ticket).isEmpty
    #expect(hasSession || !hasTickets)
    let secondClient = try hasSession ? client(second, version, "-sess_in", ticket) : client(second, version)
    secondClient.write("two\n")
    #expect(secondClient.waits(for: "two\n"))
    _ = secondClient.finish()
    let facts = second.finish().facts
    #expect(facts?.isResumed == hasTickets)
    #expect(facts?.summary(peer: "h[1]").hasPrefix("Anonymous TLS connection \(hasTickets ? "reused" : "established") from h[1]: TLSv1.") == true)
  }

  @Test(arguments: ["-tls1", "-tls1_1"])
  func oldProtocolsAreRefused(version: String) throws {
    let server = try EchoServer(server { $0.protocols = TLSProtocols(minimum: .tls12) })
    let (status, output) = try client(server, version, "-cipher", "ALL:@SECLEVEL=0").finish()
    #expect(status == 1)
    #expect(output.contains("alert protocol version"))
    #expect(server.finish().handshake?.error?.description.hasSuffix("unsupported protocol") == true)
  }
}
