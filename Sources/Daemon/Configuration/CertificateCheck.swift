// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings

/// Loads the certificates that a configuration names, to say beforehand what is wrong with them.
struct CertificateCheck {
  let setup: Setup
  /// Whether the files must be readable here and now; else what only another user may read is no error.
  let isStarting: Bool

  var diagnostics: [Diagnostic] {
    var found: [Diagnostic] = []
    var seen: Set<String> = []
    for listener in setup.configuration.listeners where listener.offersTLS {
      found += diagnostics(listener).filter { seen.insert($0.message).inserted }
    }
    return found
  }

  private func diagnostics(_ listener: ListenerConfiguration) -> [Diagnostic] {
    let names = setup.serverNames(of: listener)
    // Where the self-signed pair is the default one, any pair stands in for it: it need not have been made yet.
    guard let files = listener.keyFiles ?? names.values.first else { return [] }
    do throws(TLSConfigurationError) {
      return try TLSServerContext(TLSServerSettings(listener, files: files, names: names)).warnings.map { Diagnostic.warning(nil, $0) }
    } catch {
      let place = listener.values.place(of: error.subject, in: Self.settings)
      let isError = !error.isPermissionDenied || isStarting
      let hint = isError ? nil : "check as root to have this file checked"
      return [Diagnostic(isError ? .error : .warning, place?.start, length: place?.count ?? 1, error.description, hint: hint)]
    }
  }

  /// Those that name certificates, keys and what goes with them.
  private static let settings =
    [
      Keys.smtpdTlsCertFile, Keys.smtpdTlsKeyFile, Keys.smtpdTlsProtocols, Keys.smtpdTlsMandatoryProtocols,
    ].map(\.name) + [Keys.smtpdTlsChainFiles.name, Keys.tlsServerSniMaps.name, Keys.smtpdTlsCiphers.name]
    + [Keys.smtpdTlsCAfile, Keys.smtpdTlsCApath, Keys.smtpdTlsFingerprintDigest].map(\.name)
}
