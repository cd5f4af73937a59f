// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

extension ListenerConfiguration {
  var requiresTLS: Bool { self[Keys.smtpdTlsWrappermode] || self[Keys.smtpdTlsSecurityLevel] == .encrypt }
  var offersTLS: Bool { requiresTLS || self[Keys.smtpdTlsSecurityLevel] == .may }

  /// The administrator's key and certificate, or nil: then the self-signed pair serves.
  var keyFiles: TLSKeyFiles? {
    let chain = self[Keys.smtpdTlsChainFiles]
    if !chain.isEmpty { return .chain(chain) }
    let certificate = self[Keys.smtpdTlsCertFile]
    return certificate.isEmpty ? nil : .pair(certificate: certificate, key: self[Keys.smtpdTlsKeyFile])
  }
}

extension TLSServerSettings {
  /// By one listener's settings. The optional and the mandatory ones are Postfix's pairs.
  init(_ listener: ListenerConfiguration, files: TLSKeyFiles, names: [String: TLSKeyFiles]) throws(TLSConfigurationError) {
    self.init(files: files)
    self.names = names
    protocols = try TLSProtocols(listener[listener.requiresTLS ? Keys.smtpdTlsMandatoryProtocols : Keys.smtpdTlsProtocols])
    ciphers = TLSCiphers(listener)
    prefersServerCiphers = listener[Keys.tlsPreemptCipherlist]
    ticketLifetime = listener[Keys.smtpdTlsSessionCacheTimeout]
    asksClientCertificate = listener[Keys.smtpdTlsAskCcert] || listener[Keys.smtpdTlsReqCcert]
    clients = TLSClientCertificates(listener)
  }
}

extension TLSClientCertificates {
  fileprivate init(_ listener: ListenerConfiguration) {
    self.init()
    let (file, folder) = (listener[Keys.smtpdTlsCAfile], listener[Keys.smtpdTlsCApath])
    authorityFile = file.isEmpty ? nil : file
    authorityFolder = folder.isEmpty ? nil : folder
    verifyDepth = listener[Keys.smtpdTlsCcertVerifydepth]
    fingerprintDigest = listener[Keys.smtpdTlsFingerprintDigest]
  }
}

extension TLSCiphers {
  fileprivate init(_ listener: ListenerConfiguration) {
    let grade = listener[listener.requiresTLS ? Keys.smtpdTlsMandatoryCiphers : Keys.smtpdTlsCiphers]
    let further = listener.requiresTLS ? listener[Keys.smtpdTlsMandatoryExcludeCiphers] : []
    self.init(grade: Grade(setting: grade.rawValue) ?? .medium, excluded: listener[Keys.smtpdTlsExcludeCiphers] + further)
  }
}

extension TLSKeyFiles {
  func mapPaths(_ change: (String) -> String) -> TLSKeyFiles {
    switch self {
    case .pair(let certificate, let key): .pair(certificate: change(certificate), key: change(key))
    case .chain(let paths): .chain(paths.map(change))
    }
  }
}
