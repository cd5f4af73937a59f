// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The key and certificate that a server makes for itself until its administrator brings others.
///
/// The certificate is moved into place before its key, and the new key stays beside it as `KEY.new` until then. So a certificate of ours
/// whose key is missing or another one is either finished from `KEY.new` or somebody's work, and only the first is touched.
package struct SelfSigned {
  package enum Outcome: Equatable, Sendable {
    /// Ours, and good.
    case kept
    /// Made now, and why.
    case made(reason: String)
    /// Not made by us, so left alone, good or bad.
    case foreign
  }

  private enum Finding {
    case settled(Outcome)
    case interrupted
    case stale(String)
  }

  private let certificatePath: String
  private let keyPath: String
  private let names: [CertificateName]
  private let now: Int

  private var newKeyPath: String { "\(keyPath).new" }

  /// Sees to it that there is a pair for `names` (host names or address literals) with at least 30 days to live. Blocks on the disk; several
  /// processes may call it at once. `now` is in microseconds since 1970.
  package static func ensure(
    certificate certificatePath: String, key keyPath: String, names: [String], now: Int64
  ) throws(TLSConfigurationError) -> Outcome {
    var checked: [CertificateName] = []
    for text in names {
      guard let name = CertificateName(text) else { throw TLSConfigurationError(text, "neither a host name nor an address") }
      if !checked.contains(name) { checked.append(name) }
    }
    guard !checked.isEmpty else { throw TLSConfigurationError(certificatePath, "no name to make a certificate for") }
    let work = SelfSigned(certificatePath: certificatePath, keyPath: keyPath, names: checked, now: Int(now / 1_000_000))
    return try work.ensure()
  }

  private func ensure() throws(TLSConfigurationError) -> Outcome {
    if case .settled(let outcome) = try examine() { return outcome }
    let lock = try lock()
    defer { close(lock) }
    return try settle()
  }

  private func settle() throws(TLSConfigurationError) -> Outcome {
    switch try examine() {
    case .settled(let outcome): return outcome
    case .interrupted:
      try NewFile.move(newKeyPath, to: keyPath)
      let outcome = try settle()
      return outcome == .kept ? .made(reason: "an interrupted renewal is finished") : outcome
    case .stale(let reason):
      try make()
      return .made(reason: reason)
    }
  }

  private func lock() throws(TLSConfigurationError) -> Int32 {
    let path = "\(certificatePath).lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TLSConfigurationError(path, String(cString: strerror(errno))) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        close(descriptor)
        throw TLSConfigurationError(path, String(cString: strerror(errno)))
      }
    }
    return descriptor
  }

  private func make() throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    guard let pair = SelfSignedCertificate(names: names, now: now) else {
      throw TLSConfigurationError(certificatePath, OpenSSLErrors.takeReason())
    }
    let key = try NewFile(path: newKeyPath, bytes: pair.key, mode: 0o600)
    let certificate = try NewFile(path: "\(certificatePath).new", bytes: pair.certificate, mode: 0o644)
    try certificate.move(to: certificatePath)
    try key.move(to: keyPath)
  }

  private func examine() throws(TLSConfigurationError) -> Finding {
    guard let certificateKind = try kind(certificatePath) else {
      if try kind(keyPath) == nil { return .stale("there is no certificate yet") }
      throw TLSConfigurationError(
        keyPath, "is there without its certificate \(certificatePath), so Weir makes no new pair; remove it or bring the certificate")
    }
    guard let certificate = try readCertificate(), certificate.isOurs else { return .settled(.foreign) }
    let keyKind = try kind(keyPath)
    for (path, kind) in [(certificatePath, certificateKind), (keyPath, keyKind ?? S_IFREG)] where kind != S_IFREG {
      throw TLSConfigurationError(path, "is a link or no regular file, so Weir makes no new pair there")
    }
    return try examine(certificate, hasKey: keyKind != nil)
  }

  private func examine(_ certificate: Certificate, hasKey: Bool) throws(TLSConfigurationError) -> Finding {
    if hasKey, let key = try readKey(keyPath), certificate.matches(key) {
      return certificate.staleness(names: names, now: now).map(Finding.stale) ?? .settled(.kept)
    }
    if try kind(newKeyPath) == S_IFREG, let key = try readKey(newKeyPath), certificate.matches(key) { return .interrupted }
    if !hasKey { return .stale("the private key is missing") }
    throw TLSConfigurationError(keyPath, "does not belong to \(certificatePath) and was not made by Weir; remove one of them")
  }

  /// The type of the file at `path` itself, not of what it may link to; nil when there is none.
  private func kind(_ path: String) throws(TLSConfigurationError) -> mode_t? {
    var status = stat()
    if lstat(path, &status) == 0 { return status.st_mode & S_IFMT }
    guard errno == ENOENT else { throw TLSConfigurationError(path, String(cString: strerror(errno))) }
    return nil
  }

  /// The first certificate in the file; nil when there is none, so that it cannot be ours.
  private func readCertificate() throws(TLSConfigurationError) -> Certificate? {
    let file = try CertificateFile(path: certificatePath)
    guard var reader = try? PEMReader(file) else { return nil }
    return (try? reader.next())?.certificate
  }

  private func readKey(_ path: String) throws(TLSConfigurationError) -> PrivateKey? {
    let file = try CertificateFile(path: path)
    guard var reader = try? PEMReader(file) else { return nil }
    return (try? reader.next())?.key
  }
}
