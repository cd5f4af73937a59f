// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// The certificates of one listener, from its settings; the self-signed pair where they name none.
struct Certificates {
  let store: TLSCertificates
  private let ownPair: OwnPair?
  private let log: Log

  /// Nil if the listener does not speak TLS.
  init?(_ listener: ListenerConfiguration, _ setup: Setup, log: Log) throws(TLSConfigurationError) {
    guard listener.offersTLS else { return nil }
    let named = listener.keyFiles?.mapPaths(setup.staged.path)
    ownPair = named == nil ? OwnPair(setup, log) : nil
    try ownPair?.ensure()
    let names = setup.serverNames(of: listener).mapValues { $0.mapPaths(setup.staged.path) }
    let files = named ?? .pair(certificate: setup.ownCertificate, key: setup.ownKey)
    // Threads are started for RSA keys only.
    let pool = BlockingPool(name: "tls", threads: 2, queue: 1024)
    store = try TLSCertificates(TLSServerSettings(listener, files: files, names: names), pool: pool)
    self.log = log
    for warning in store.context.warnings { log.warning("tls", warning) }
  }

  /// Looks whether a file has changed, on the calling thread, which may block.
  func refresh() {
    ownPair?.renew()
    switch store.refreshIfChanged() {
    case .unchanged: break
    case .reloaded(let warnings):
      log.info("tls", "certificates loaded again: a file has changed")
      for warning in warnings { log.warning("tls", warning) }
    case .failed(let error): log.error("tls", "\(error); the old certificates stay")
    }
  }
}

/// The self-signed pair, looked at once a day: a server may run for longer than it is good for.
private final class OwnPair: Sendable {
  private let setup: Setup
  private let log: Log
  private let nextLook = Monitor(Instant.distantPast)

  init(_ setup: Setup, _ log: Log) {
    self.setup = setup
    self.log = log
  }

  func ensure() throws(TLSConfigurationError) {
    nextLook.withLock { $0 = .now() + .seconds(86_400) }
    let names = setup.hostNames
    let outcome = try SelfSigned.ensure(certificate: setup.ownCertificate, key: setup.ownKey, names: names, now: wallClock())
    guard case .made(let reason) = outcome else { return }
    log.info("tls", "made a self-signed certificate for \(names.joined(separator: ", ")) (\(reason)): \(setup.ownCertificate)")
  }

  func renew() {
    guard nextLook.withLock({ $0 <= .now() }) else { return }
    do throws(TLSConfigurationError) {
      try ensure()
    } catch {
      log.error("tls", "\(error)")
    }
  }
}
