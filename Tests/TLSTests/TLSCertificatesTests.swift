// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Runtime

@Suite struct TLSCertificatesTests {
  let folder = TemporaryFolder()

  func presented(_ certificates: TLSCertificates, to name: String? = nil) throws -> String {
    let pair = try Pair(certificates.context, TLSClientContext(verification: .none), serverName: name)
    #expect(pair.handshake() == (.done, .done))
    guard case .untrusted(let commonName, _) = pair.client.facts.peer else { return "" }
    return commonName
  }

  func error(_ refresh: TLSRefresh) -> TLSConfigurationError? {
    if case .failed(let error) = refresh { error } else { nil }
  }

  func warnings(_ refresh: TLSRefresh) -> [String]? {
    if case .reloaded(let warnings) = refresh { warnings } else { nil }
  }

  func isReloaded(_ refresh: TLSRefresh) -> Bool {
    if case .reloaded = refresh { true } else { false }
  }

  func isUnchanged(_ refresh: TLSRefresh) -> Bool {
    if case .unchanged = refresh { true } else { false }
  }

  @Test func newFilesServeNewSessions() throws {
    let certificates = try TLSCertificates(TLSServerSettings(files: folder.write(Identity("old"), as: "a")))
    #expect(isUnchanged(certificates.refreshIfChanged()))
    let before = try Pair(certificates.context, TLSClientContext(verification: .none))
    _ = folder.write(Identity("new"), as: "a")
    #expect(try presented(certificates) == "old")
    #expect(isReloaded(certificates.refreshIfChanged()))
    #expect(try presented(certificates) == "new")
    #expect(isUnchanged(certificates.refreshIfChanged()))
    #expect(before.handshake() == (.done, .done))
    #expect(before.client.facts.peer == .untrusted(commonName: "old", issuer: "old"))
  }

  @Test func aHalfReplacedPairKeepsTheOldOneAndIsSaidOnce() throws {
    let certificates = try TLSCertificates(TLSServerSettings(files: folder.write(Identity("old"), as: "a")))
    let new = Identity("new")
    let path = folder.write("a.pem", new.certificate)
    #expect(error(certificates.refreshIfChanged()) == TLSConfigurationError(path, "the private key does not belong to the certificate"))
    #expect(isUnchanged(certificates.refreshIfChanged()))
    #expect(try presented(certificates) == "old")
    folder.write("a.key", new.key)
    #expect(isReloaded(certificates.refreshIfChanged()))
    #expect(try presented(certificates) == "new")
  }

  @Test func aBrokenOrMissingFileKeepsTheOldOne() throws {
    let certificates = try TLSCertificates(TLSServerSettings(files: folder.write(Identity("old"), as: "a")))
    let path = folder.write("a.pem", "broken")
    #expect(error(certificates.refreshIfChanged()) == TLSConfigurationError(path, "no certificate in it"))
    unlink(path)
    #expect(error(certificates.refreshIfChanged()) == TLSConfigurationError(path, "No such file or directory"))
    #expect(isUnchanged(certificates.refreshIfChanged()))
    #expect(try presented(certificates) == "old")
    _ = folder.write(Identity("new"), as: "a")
    #expect(isReloaded(certificates.refreshIfChanged()))
    #expect(try presented(certificates) == "new")
  }

  @Test func theFilesOfNamesAreWatchedToo() throws {
    var settings = TLSServerSettings(files: folder.write(Identity("default"), as: "a"))
    settings.names["mail.example.com"] = folder.write(Identity("mail-old"), as: "mail")
    let certificates = try TLSCertificates(settings)
    _ = folder.write(Identity("mail-new"), as: "mail")
    #expect(isReloaded(certificates.refreshIfChanged()))
    #expect(try presented(certificates, to: "mail.example.com") == "mail-new")
    #expect(try presented(certificates) == "default")
  }

  @Test func aWarningComesWithTheReload() throws {
    let certificates = try TLSCertificates(TLSServerSettings(files: folder.write(Identity("old"), as: "a")))
    let key = folder.file("a.key")
    chmod(key, 0o644)
    #expect(isUnchanged(certificates.refreshIfChanged()))
    _ = folder.write(Identity("new"), as: "a")
    chmod(key, 0o644)
    #expect(
      warnings(certificates.refreshIfChanged()) == ["\(key): the private key is readable by every user; chmod o-rwx it"])
  }
}
