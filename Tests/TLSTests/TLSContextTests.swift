// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Runtime

@Suite struct TLSContextTests {
  let folder = TemporaryFolder()
  let identity = Identity("mx.example.org")

  func failure(_ body: () throws -> Void) -> TLSConfigurationError? {
    do { try body() } catch { return error as? TLSConfigurationError }
    return nil
  }

  func context(_ files: TLSKeyFiles, _ change: (inout TLSServerSettings) throws -> Void = { _ in }) throws -> TLSServerContext {
    var settings = TLSServerSettings(files: files)
    try change(&settings)
    return try TLSServerContext(settings)
  }

  /// The name in the certificate that a client gets, and the server's idea of the name asked for.
  func presented(_ context: TLSServerContext, to name: String?) throws -> (certificate: String, chosenBy: String?) {
    let pair = try Pair(context, TLSClientContext(verification: .none), serverName: name)
    #expect(pair.handshake() == (.done, .done))
    guard case .untrusted(let commonName, _) = pair.client.facts.peer else { return ("", nil) }
    return (commonName, pair.server.facts.serverName)
  }

  // MARK: server names

  @Test(
    arguments: [
      (nil, "mx.example.org", nil), ("mx.example.org", "mx.example.org", nil), ("other.test", "mx.example.org", nil),
      ("mail.example.com", "mail.example.com", "mail.example.com"), ("MAIL.example.COM", "mail.example.com", "MAIL.example.COM"),
      ("a.example.net", "wild.example.net", "a.example.net"), ("a.b.example.net", "mx.example.org", nil),
    ] as [(String?, String, String?)])
  func theNameChoosesTheCertificate(name: String?, certificate: String, chosenBy: String?) throws {
    let context = try context(folder.write(identity, as: "default")) {
      $0.names["mail.example.com"] = folder.write(Identity("mail.example.com"), as: "mail")
      $0.names["*.example.net"] = folder.write(Identity("wild.example.net", .rsa2048), as: "wild")
    }
    #expect(try presented(context, to: name) == (certificate, chosenBy))
    #expect(context.handshakeIsExpensive)
  }

  // MARK: files

  @Test func keyAndCertificateMayShareAFile() throws {
    let path = folder.write("both.pem", identity.key + identity.certificate)
    #expect(try presented(context(.pair(certificate: path, key: path)), to: nil).certificate == "mx.example.org")
    #expect(try presented(context(.chain([path])), to: nil).certificate == "mx.example.org")
  }

  @Test func aChainFileMayHoldTwoKinds() throws {
    let rsa = Identity("rsa.example.org", .rsa2048)
    let path = folder.write("chain.pem", rsa.key + rsa.certificate + identity.key + identity.certificate)
    let context = try context(.chain([path]))
    #expect(context.handshakeIsExpensive)
    #expect(try presented(context, to: nil).certificate == "mx.example.org")
  }

  @Test func aChainMaySpanFiles() throws {
    let paths = [folder.write("a.key", identity.key), folder.write("a.pem", identity.certificate)]
    let context = try context(.chain(paths))
    #expect(!context.handshakeIsExpensive)
    #expect(try presented(context, to: nil).certificate == "mx.example.org")
  }

  @Test func aKeyOfAnotherCertificateIsNamed() throws {
    let certificate = folder.write("a.pem", identity.certificate)
    let key = folder.write("b.key", Identity("mx.example.org").key)
    let error = TLSConfigurationError(certificate, "the private key does not belong to the certificate")
    #expect(failure { _ = try context(.pair(certificate: certificate, key: key)) } == error)
    #expect(failure { _ = try context(.chain([key, certificate])) } == error)
  }

  @Test func filesThatCannotBeUsedAreNamed() {
    let good = folder.write("good.pem", identity.key + identity.certificate)
    let empty = folder.write("empty.pem", "")
    let cut = folder.write("cut.pem", String(identity.certificate.dropLast(60)))
    let notBase64 = folder.write("text.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
    let notDER = folder.write("der.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    let encrypted = folder.write("e.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
    mkfifo(folder.file("fifo"), 0o600)
    let cases = [
      (folder.file("absent"), "No such file or directory"), (folder.path, "not a regular file"), (folder.file("fifo"), "not a regular file"),
      (empty, "no certificate in it"), (cut, "bad PEM: bad end line"), (notBase64, "bad PEM: bad base64 decode"),
      (notDER, "bad certificate: "), (encrypted, "the private key is encrypted"),
    ]
    for (path, reason) in cases {
      let error = failure { _ = try context(.pair(certificate: path, key: good)) }
      #expect(error?.subject == path)
      #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "no error") for \(path)")
    }
    #expect(failure { _ = try context(.pair(certificate: good, key: empty)) } == TLSConfigurationError(empty, "no private key in it"))
  }

  @Test func chainsOutOfOrderAreNamed() {
    let certificateFirst = folder.write("a.pem", identity.certificate + identity.key)
    let keyOnly = folder.write("b.pem", identity.key)
    let twoKeys = folder.write("c.pem", identity.key + identity.key + identity.certificate)
    #expect(failure { _ = try context(.chain([certificateFirst])) }?.reason == "a certificate stands before its private key")
    #expect(failure { _ = try context(.chain([keyOnly])) }?.reason == "no certificate follows the private key")
    #expect(failure { _ = try context(.chain([twoKeys])) }?.reason == "no certificate follows the private key")
    #expect(failure { _ = try context(.chain([])) }?.reason == "no private key in it")
  }

  @Test func aFileOverTheLimitIsRefused() throws {
    let padding = String(repeating: "#", count: CertificateFile.sizeLimit - identity.key.utf8.count - identity.certificate.utf8.count)
    let atLimit = folder.write("limit.pem", identity.key + identity.certificate + padding)
    #expect(try context(.chain([atLimit])).warnings.isEmpty)
    let over = folder.write("over.pem", identity.key + identity.certificate + padding + "#")
    #expect(failure { _ = try context(.chain([over])) }?.reason == "larger than 1048576 bytes")
  }

  @Test(arguments: [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] as [(mode_t, Bool)])
  func aKeyThatAllCanReadIsWarnedOf(mode: mode_t, warns: Bool) throws {
    let certificate = folder.write("a.pem", identity.certificate, mode: 0o644)
    let key = folder.write("a.key", identity.key, mode: mode)
    let warnings = try context(.pair(certificate: certificate, key: key)).warnings
    #expect(warnings == (warns ? ["\(key): the private key is readable by every user; chmod o-rwx it"] : []))
  }

  // MARK: rules

  @Test(arguments: [(">=TLSv1.3", "TLSv1.2"), (">=TLSv1.2", "TLSv1.1"), (">=TLSv1.2", "TLSv1"), ("!TLSv1.3", "TLSv1.3")])
  func aProtocolThatIsNotAllowedIsRefused(ours: String, theirs: String) throws {
    let context = try context(folder.write(identity, as: "a")) { $0.protocols = try TLSProtocols(ours) }
    let pair = try Pair(context, TLSClientContext(verification: .none, protocols: TLSProtocols(theirs)))
    let (server, client) = pair.handshake()
    let text = try #require(server.error).description
    #expect(text.hasSuffix("unsupported protocol"))
    #expect(client != .done)
  }

  @Test(arguments: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
  func everyAllowedProtocolIsSpoken(version: String) throws {
    let context = try context(folder.write(identity, as: "a")) { $0.protocols = try TLSProtocols(">=TLSv1") }
    let pair = try Pair(context, TLSClientContext(verification: .none, protocols: TLSProtocols(version)))
    #expect(pair.handshake() == (.done, .done))
    #expect(pair.server.facts.protocolVersion == version)
  }

  @Test func noCipherInCommonIsAFailure() throws {
    let context = try context(folder.write(identity, as: "a")) {
      $0.protocols = try TLSProtocols("TLSv1.2")
      $0.ciphers = TLSCiphers(grade: .high, excluded: ["kECDHE"])
    }
    let pair = try Pair(context, TLSClientContext(verification: .none))
    #expect(pair.handshake().server == .failed(.library("error:0A0000C1:SSL routines::no shared cipher")))
  }

  @Test func anUnknownCipherWordIsIgnoredAndAnEmptyListIsNot() throws {
    let files = folder.write(identity, as: "a")
    _ = try context(files) { $0.ciphers = TLSCiphers(excluded: ["NOSUCH"]) }
    #expect(failure { _ = try context(files) { $0.ciphers = TLSCiphers(excluded: ["ALL"]) } }?.reason == "no cipher match")
  }

  @Test func expense() throws {
    #expect(try !context(folder.write(identity, as: "a")).handshakeIsExpensive)
    #expect(try context(folder.write(Identity("b", .rsa2048), as: "b")).handshakeIsExpensive)
  }
}
