// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Where a server's key and certificate are.
package enum TLSKeyFiles: Hashable, Sendable {
  /// `smtpd_tls_cert_file` (the server's certificate first, then its issuers) and `smtpd_tls_key_file`, which may be the same file.
  case pair(certificate: String, key: String)
  /// `smtpd_tls_chain_files`: key, certificate and issuers in this order, once or several times, over one or several files.
  case chain([String])

  package var paths: [String] {
    switch self {
    case .pair(let certificate, let key): certificate == key ? [key] : [certificate, key]
    case .chain(let paths): paths
    }
  }
}

/// A private key, the certificate for it and the issuers to send along.
struct TLSKeyPair: Sendable {
  let key: PrivateKey
  let certificate: Certificate
  let issuers: [Certificate]
  /// The certificate's file, for messages.
  let path: String

  /// Puts the pair in place beside those of other key types.
  func install(in context: OpaquePointer) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    guard X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
      OpenSSLErrors.clear()
      throw TLSConfigurationError(path, "the private key does not belong to the certificate")
    }
    let chain = copenssl_new_chain()
    defer { copenssl_free_chain(chain) }
    for issuer in issuers {
      X509_up_ref(issuer.pointer)
      copenssl_chain_append(chain, issuer.pointer)
    }
    guard SSL_CTX_use_cert_and_key(context, certificate.pointer, key.pointer, chain, 1) == 1 else {
      throw TLSConfigurationError(path, OpenSSLErrors.takeReason())
    }
  }
}

/// The key pairs that some files hold, with what is to be said about the files.
struct TLSKeyPairs: Sendable {
  private(set) var pairs: [TLSKeyPair] = []
  private(set) var warnings: [String] = []
  private(set) var stamps: [String: FileStamp] = [:]

  init(_ files: TLSKeyFiles) throws(TLSConfigurationError) {
    switch files {
    case .pair(let certificate, let key): try readPair(certificate, key)
    case .chain(let paths): try readChain(paths)
    }
  }

  private mutating func items(_ path: String) throws(TLSConfigurationError) -> [PEMItem] {
    let file = try CertificateFile(path: path)
    stamps[path] = file.stamp
    var reader = try PEMReader(file)
    var items: [PEMItem] = []
    while let item = try reader.next() { items.append(item) }
    if file.isReadableByOthers, items.contains(where: \.isKey) {
      warnings.append("\(path): the private key is readable by every user; chmod o-rwx it")
    }
    return items
  }

  private mutating func readPair(_ certificatePath: String, _ keyPath: String) throws(TLSConfigurationError) {
    let certificateItems = try items(certificatePath)
    let keyItems = keyPath == certificatePath ? certificateItems : try items(keyPath)
    guard let key = keyItems.lazy.compactMap(\.key).first else { throw TLSConfigurationError(keyPath, "no private key in it") }
    let certificates = certificateItems.compactMap(\.certificate)
    guard let leaf = certificates.first else { throw TLSConfigurationError(certificatePath, "no certificate in it") }
    pairs = [TLSKeyPair(key: key, certificate: leaf, issuers: Array(certificates.dropFirst()), path: certificatePath)]
  }

  private mutating func readChain(_ paths: [String]) throws(TLSConfigurationError) {
    var key: PrivateKey?
    var certificates: [Certificate] = []
    var lastPath = ""
    for path in paths {
      for item in try items(path) {
        if let next = item.key {
          try finish(key, certificates, lastPath)
          (key, certificates) = (next, [])
        } else if let certificate = item.certificate {
          guard key != nil else { throw TLSConfigurationError(path, "a certificate stands before its private key") }
          certificates.append(certificate)
        }
        lastPath = path
      }
    }
    guard key != nil else { throw TLSConfigurationError(paths.joined(separator: ", "), "no private key in it") }
    try finish(key, certificates, lastPath)
  }

  private mutating func finish(_ key: PrivateKey?, _ certificates: [Certificate], _ path: String) throws(TLSConfigurationError) {
    guard let key else { return }
    guard let leaf = certificates.first else { throw TLSConfigurationError(path, "no certificate follows the private key") }
    pairs.append(TLSKeyPair(key: key, certificate: leaf, issuers: Array(certificates.dropFirst()), path: path))
  }
}

extension PEMItem {
  var key: PrivateKey? { if case .key(let key) = self { key } else { nil } }
  var certificate: Certificate? { if case .certificate(let certificate) = self { certificate } else { nil } }
  var isKey: Bool { key != nil }
}
