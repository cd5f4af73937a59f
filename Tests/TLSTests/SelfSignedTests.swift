// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import Testing

@testable import Runtime

@Suite struct SelfSignedTests {
  static let now: Int64 = 1_800_000_000_000_000
  static let day: Int64 = 86_400_000_000

  let folder = TemporaryFolder()
  var certificate: String { folder.file("weir.pem") }
  var key: String { folder.file("weir.key") }

  func ensure(_ names: [String] = ["mx.example.org"], now: Int64 = now) throws -> SelfSigned.Outcome {
    try SelfSigned.ensure(certificate: certificate, key: key, names: names, now: now)
  }

  func failure(_ body: () throws -> Void) -> TLSConfigurationError? {
    do { try body() } catch { return error as? TLSConfigurationError }
    return nil
  }

  func loaded() throws -> TLSKeyPair { try #require(TLSKeyPairs(.pair(certificate: certificate, key: key)).pairs.first) }

  func mode(_ path: String) -> mode_t {
    var status = stat()
    lstat(path, &status)
    return status.st_mode & 0o7777
  }

  @Test func firstStartMakesAPair() throws {
    #expect(try ensure() == .made(reason: "there is no certificate yet"))
    #expect(mode(key) == 0o600)
    #expect(mode(certificate) == 0o644)
    let pair = try loaded()
    #expect(EVP_PKEY_get_base_id(pair.key.pointer) == EVP_PKEY_EC)
    #expect(X509_check_host(pair.certificate.pointer, "mx.example.org", 0, 0, nil) == 1)
    #expect(X509_check_host(pair.certificate.pointer, "other.example.org", 0, 0, nil) == 0)
    #expect(X509_verify(pair.certificate.pointer, pair.key.pointer) == 1)
    #expect(access(folder.file("weir.key.new"), F_OK) != 0)
    #expect(access(folder.file("weir.pem.new"), F_OK) != 0)
  }

  @Test func theSecondStartKeepsIt() throws {
    _ = try ensure()
    let before = (contents(key), contents(certificate))
    #expect(try ensure() == .kept)
    #expect((contents(key), contents(certificate)) == before)
  }

  @Test func theUmaskDoesNotMatter() throws {
    let old = umask(0o077)
    defer { umask(old) }
    _ = try ensure()
    #expect(mode(key) == 0o600)
    #expect(mode(certificate) == 0o644)
  }

  @Test func renewalBeginsThirtyDaysBeforeTheEnd() throws {
    _ = try ensure()
    let end = Self.now + Int64(SelfSignedCertificate.lifetime - SelfSignedCertificate.backdating) * 1_000_000
    #expect(try ensure(now: end - 30 * Self.day - 1_000_000) == .kept)
    let before = contents(key)
    #expect(try ensure(now: end - 30 * Self.day) == .made(reason: "the certificate expires soon"))
    #expect(contents(key) != before)
    #expect(try ensure(now: end) == .kept)
  }

  @Test func aCertificateFromTheFutureIsMadeAnew() throws {
    _ = try ensure()
    #expect(try ensure(now: Self.now - 3599 * 1_000_000) == .kept)
    #expect(try ensure(now: Self.now - 3601 * 1_000_000) == .made(reason: "the certificate is from the future"))
  }

  @Test(arguments: [["mail.example.org"], ["mx.example.org", "mail.example.org"], ["192.0.2.1"]])
  func anotherHostNameNeedsAnother(names: [String]) throws {
    _ = try ensure()
    #expect(try ensure(names) == .made(reason: "the certificate is for another host name"))
    #expect(try ensure(names) == .kept)
  }

  @Test(arguments: [["MX.Example.ORG"], ["mx.example.org", "mx.example.org"]])
  func theSameNameInOtherWordsIsKept(names: [String]) throws {
    _ = try ensure()
    #expect(try ensure(names) == .kept)
  }

  @Test(arguments: ["[192.0.2.1]", "192.0.2.1", "[IPv6:2001:db8::1]", "2001:db8::1"])
  func addressLiteralsAreAddresses(name: String) throws {
    _ = try ensure([name])
    let address = name.contains("db8") ? "2001:db8::1" : "192.0.2.1"
    let pair = try loaded()
    #expect(X509_check_ip_asc(pair.certificate.pointer, address, 0) == 1)
    #expect(try ensure([name]) == .kept)
  }

  @Test(arguments: ["", "a,DNS:evil.example", "a b", "a..b", "-\n", "ü.example", String(repeating: "a", count: 64), "[1.2.3]"])
  func whatIsNoNameIsRefused(name: String) {
    #expect(failure { _ = try ensure([name]) } == TLSConfigurationError(name, "neither a host name nor an address"))
    #expect(access(certificate, F_OK) != 0)
  }

  @Test func theLongestLabelAndNamesOver64BytesWork() throws {
    let label = String(repeating: "a", count: 63)
    #expect(try ensure(["\(label).\(label).\(label).\(String(repeating: "b", count: 61))"]) == .made(reason: "there is no certificate yet"))
  }

  @Test func whatOthersMadeIsLeftAlone() throws {
    let identity = Identity("mx.example.org")
    folder.write("weir.pem", identity.certificate)
    folder.write("weir.key", identity.key)
    #expect(try ensure(["another.example.org"]) == .foreign)
    #expect((contents(certificate), contents(key)) == (identity.certificate, identity.key))
  }

  @Test func garbageIsLeftAlone() throws {
    folder.write("weir.pem", "no certificate")
    #expect(try ensure() == .foreign)
    #expect(contents(certificate) == "no certificate")
  }

  @Test func aKeyWithoutCertificateIsNotOverwritten() throws {
    folder.write("weir.key", "precious")
    #expect(failure { _ = try ensure() }?.subject == key)
    #expect(contents(key) == "precious")
  }

  @Test func anotherKeyBesideOurCertificateIsNotOverwritten() throws {
    _ = try ensure()
    let identity = Identity("mx.example.org")
    folder.write("weir.key", identity.key)
    #expect(failure { _ = try ensure() }?.subject == key)
    #expect(contents(key) == identity.key)
  }

  @Test func aLinkAtTheKeyIsRefused() throws {
    _ = try ensure()
    rename(key, folder.file("elsewhere"))
    symlink(folder.file("elsewhere"), key)
    #expect(failure { _ = try ensure(["new.example.org"]) }?.subject == key)
    unlink(certificate)
    #expect(failure { _ = try ensure() }?.subject == key)
  }

  @Test func aLinkAtTheKeysNewNameIsNotFollowed() throws {
    folder.write("victim", "precious")
    symlink(folder.file("victim"), folder.file("weir.key.new"))
    #expect(try ensure() == .made(reason: "there is no certificate yet"))
    #expect(contents(folder.file("victim")) == "precious")
  }

  @Test func aLostKeyIsMadeAnew() throws {
    _ = try ensure()
    unlink(key)
    #expect(try ensure() == .made(reason: "the private key is missing"))
    #expect(try ensure() == .kept)
  }

  @Test func aStopBetweenTheTwoMovesIsFinished() throws {
    _ = try ensure()
    let newKey = contents(key)
    rename(key, folder.file("weir.key.new"))
    let other = Identity("mx.example.org")
    folder.write("weir.key", other.key)
    #expect(try ensure() == .made(reason: "an interrupted renewal is finished"))
    #expect(contents(key) == newKey)
  }

  @Test func aFolderThatIsNotThereIsAnError() {
    let path = folder.file("absent/weir.pem")
    #expect(failure { _ = try SelfSigned.ensure(certificate: path, key: path, names: ["a"], now: Self.now) }?.reason == "No such file or directory")
  }

  @Test func manyStartsAtOnceAgree() throws {
    let outcomes = Monitor<[SelfSigned.Outcome]>([])
    let (certificate, key) = (certificate, key)
    let threads = try (0..<8).map { _ in
      try Thread(name: "ensure") {
        guard let outcome = try? SelfSigned.ensure(certificate: certificate, key: key, names: ["mx.example.org"], now: Self.now) else { return }
        outcomes.withLock { $0.append(outcome) }
      }
    }
    for thread in threads { thread.join() }
    let all = outcomes.withLock { $0 }
    #expect(all.count == 8)
    #expect(all.count { $0 == .kept } == 7)
    #expect(try ensure() == .kept)
  }
}
