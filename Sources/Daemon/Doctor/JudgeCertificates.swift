// SPDX-License-Identifier: Apache-2.0
import Runtime

extension DoctorFacts {
  /// Renewal programs renew a month before the end: what is left after this has been forgotten.
  private static let renewal = 21 * 86_400

  func judgeCertificates() -> [Finding] {
    let without = listenersWithoutTLS.map { name in
      Finding(
        .certificates, .note, "listener \(name) does not offer TLS: its mail travels in clear",
        remedy: "set `smtpd_tls_security_level = may`; without a certificate of yours Weir makes one")
    }
    var seen: Set<String> = []
    return certificates.flatMap(judge).filter { seen.insert($0.text).inserted } + without
  }

  private func judge(_ set: CertificateSet) -> [Finding] {
    switch set.found {
    case .failure(let failure) where failure.isPermission:
      [Finding(.certificates, .note, "\(failure.reason)", remedy: "run weir doctor as root to have this file looked at")]
    case .failure(let failure) where set.isOwn:
      [Finding(.certificates, .note, "no certificate is set; Weir makes a self-signed one when it starts (\(failure.reason))", remedy: Self.getOne)]
    case .failure(let failure):
      [Finding(.certificates, .problem, failure.reason, remedy: "correct smtpd_tls_cert_file, smtpd_tls_key_file or smtpd_tls_chain_files")]
    case .success(let certificates): certificates.map { judge($0, set) }
    }
  }

  private static let getOne = "get one from a public authority, such as Let's Encrypt, and set smtpd_tls_chain_files"

  private func judge(_ certificate: CertificateFacts, _ set: CertificateSet) -> Finding {
    let left = Self.days(certificate.lifetimeLeft)
    if !certificate.hasKey {
      return Finding(
        .certificates, .problem, "\(certificate.path): the private key does not belong to the certificate",
        remedy: "bring the key that it was made with")
    }
    if certificate.lifetimeLeft <= 0 {
      return Finding(
        .certificates, .problem, "\(certificate.path): the certificate ended \(left) ago",
        remedy: "renew it, and look why it was not renewed by itself")
    }
    if certificate.isFromFuture {
      return Finding(.certificates, .problem, "\(certificate.path): the certificate is not valid yet", remedy: "set this machine's clock")
    }
    if certificate.lifetimeLeft <= Self.renewal {
      return Finding(
        .certificates, .warning, "\(certificate.path): the certificate ends in \(left)",
        remedy: "renew it now, and look why it was not renewed by itself")
    }
    if certificate.isSelfSigned {
      return Finding(
        .certificates, .note,
        "\(certificate.path): the certificate is self-signed; servers take it, mail programs of users warn of it (\(left) left)",
        remedy: Self.getOne)
    }
    if !certificate.names.contains(set.name) {
      return Finding(
        .certificates, .warning, "\(certificate.path): the certificate is not for \(set.name)",
        remedy: "get one that names \(set.name), or set `myhostname` to the name that it has")
    }
    return Finding(.certificates, .ok, "\(certificate.path): good for \(certificate.names.listed), \(left) left")
  }

  private static func days(_ seconds: Int) -> String {
    let days = abs(seconds) / 86_400
    return days == 1 ? "1 day" : "\(days) days"
  }
}
