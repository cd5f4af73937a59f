// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// The certificates of one listener, from its settings; the self-signed pair where they name none.
struct Certificates {
  let store: TLSCertificates
  let log: Log

  /// Nil if the listener does not speak TLS. `names` are those that a self-signed certificate is for.
  init?(
    _ listener: ListenerConfiguration, names: [String], folder: String, staged: StagedFiles, log: Log
  ) throws(TLSConfigurationError) {
    guard listener.offersTLS else { return nil }
    var settings = TLSServerSettings(files: try Certificates.files(listener, names, folder, staged, log))
    settings.protocols = try TLSProtocols(listener[listener.requiresTLS ? Keys.smtpdTlsMandatoryProtocols : Keys.smtpdTlsProtocols])
    settings.ciphers = Certificates.ciphers(listener)
    settings.prefersServerCiphers = listener[Keys.tlsPreemptCipherlist]
    settings.ticketLifetime = listener[Keys.smtpdTlsSessionCacheTimeout]
    settings.asksClientCertificate = listener[Keys.smtpdTlsAskCcert]
    store = try TLSCertificates(settings)
    self.log = log
    for warning in store.context.warnings { log.warning("tls", warning) }
  }

  private static func ciphers(_ listener: ListenerConfiguration) -> TLSCiphers {
    let grade = listener[listener.requiresTLS ? Keys.smtpdTlsMandatoryCiphers : Keys.smtpdTlsCiphers]
    let further = listener.requiresTLS ? listener[Keys.smtpdTlsMandatoryExcludeCiphers] : []
    return TLSCiphers(
      grade: TLSCiphers.Grade(setting: grade.rawValue) ?? .medium, excluded: listener[Keys.smtpdTlsExcludeCiphers] + further)
  }

  private static func files(
    _ listener: ListenerConfiguration, _ names: [String], _ folder: String, _ staged: StagedFiles, _ log: Log
  ) throws(TLSConfigurationError) -> TLSKeyFiles {
    let chain = listener[Keys.smtpdTlsChainFiles]
    if !chain.isEmpty { return .chain(chain.map(staged.path)) }
    let certificate = listener[Keys.smtpdTlsCertFile]
    if !certificate.isEmpty {
      return .pair(certificate: staged.path(certificate), key: staged.path(listener[Keys.smtpdTlsKeyFile]))
    }
    return try selfSigned(names, folder, log)
  }

  private static func selfSigned(_ names: [String], _ folder: String, _ log: Log) throws(TLSConfigurationError) -> TLSKeyFiles {
    let certificate = "\(folder)/self-signed.crt"
    let key = "\(folder)/self-signed.key"
    if case .made(let reason) = try SelfSigned.ensure(certificate: certificate, key: key, names: names, now: wallClock()) {
      log.info("tls", "made a self-signed certificate for \(names.joined(separator: ", ")) (\(reason)): \(certificate)")
    }
    return .pair(certificate: certificate, key: key)
  }

  /// Looks whether a file has changed, on the calling thread, which may block.
  func refresh() {
    switch store.refreshIfChanged() {
    case .unchanged: break
    case .reloaded(let warnings):
      log.info("tls", "certificates loaded again: a file has changed")
      for warning in warnings { log.warning("tls", warning) }
    case .failed(let error): log.error("tls", "\(error); the old certificates stay")
    }
  }
}

extension ListenerConfiguration {
  var requiresTLS: Bool { self[Keys.smtpdTlsWrappermode] || self[Keys.smtpdTlsSecurityLevel] == .encrypt }
  var offersTLS: Bool { requiresTLS || self[Keys.smtpdTlsSecurityLevel] == .may }
}
