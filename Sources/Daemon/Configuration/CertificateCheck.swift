// SPDX-License-Identifier: Apache-2.0
import Delivery
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
    for client in setup.clientTransports {
      found += outgoing(setup.seen(by: client.block), client.securityKeys).filter { seen.insert($0.message).inserted }
    }
    return found
  }

  /// What mail that leaves is secured by. A file that is missing would be found out when the first message waits.
  private func outgoing(_ setup: Setup, _ keys: SecurityKeys) -> [Diagnostic] {
    do throws(TLSConfigurationError) {
      let settings = try SecuritySettings(setup, keys)
      guard settings.level != .none || !settings.policies.isEmpty else { return [] }
      var client = TLSClientSettings()
      (client.protocols, client.ciphers, client.authorities, client.keys) = (
        settings.protocols, settings.ciphers, settings.authorities, settings.keys
      )
      let warnings = try TLSClientContext(client).warnings
      client.authorities = TLSAuthorities(files: settings.anchorFiles, areAnchors: true)
      _ = try TLSClientContext(client)
      return warnings.map { Diagnostic.warning(nil, $0) }
    } catch {
      return [diagnostic(error, setup.configuration.values, keys.fileNames)]
    }
  }

  private func diagnostics(_ listener: ListenerConfiguration) -> [Diagnostic] {
    let names = setup.serverNames(of: listener)
    // Where the self-signed pair is the default one, any pair stands in for it: it need not have been made yet.
    guard let files = listener.keyFiles ?? names.values.first else { return [] }
    do throws(TLSConfigurationError) {
      return try TLSServerContext(TLSServerSettings(listener, files: files, names: names)).warnings.map { Diagnostic.warning(nil, $0) }
    } catch {
      return [diagnostic(error, listener.values, Self.settings)]
    }
  }

  private func diagnostic(_ error: TLSConfigurationError, _ values: SettingValues, _ names: [String]) -> Diagnostic {
    let place = values.place(of: error.subject, in: names)
    let isError = !error.isPermissionDenied || isStarting
    let hint = isError ? nil : "check as root to have this file checked"
    return Diagnostic(isError ? .error : .warning, place?.start, length: place?.count ?? 1, error.description, hint: hint)
  }

  /// Those that name certificates, keys and what goes with them.
  private static let settings =
    [
      Keys.smtpdTlsCertFile, Keys.smtpdTlsKeyFile, Keys.smtpdTlsProtocols, Keys.smtpdTlsMandatoryProtocols,
    ].map(\.name) + [Keys.smtpdTlsChainFiles.name, Keys.tlsServerSniMaps.name, Keys.smtpdTlsCiphers.name]
    + [Keys.smtpdTlsCAfile, Keys.smtpdTlsCApath, Keys.smtpdTlsFingerprintDigest].map(\.name)
}

extension SecurityKeys {
  /// The settings that name certificates, keys and what goes with them.
  fileprivate var fileNames: [String] {
    [authorityFile.name, authorityFolder.name, anchorFiles.name, certificate.name, key.name, chainFiles.name, protocols.name, ciphers.name]
  }
}
