// SPDX-License-Identifier: Apache-2.0

/// What a look at the certificate files came to.
package enum TLSRefresh: Sendable {
  case unchanged
  /// New sessions get the new certificates; sessions that began before keep theirs.
  case reloaded(warnings: [String])
  /// The new files cannot be used, so the old certificates stay; said once for each change of the files.
  case failed(TLSConfigurationError)
}

/// A server's certificates, loaded again when their files change.
package final class TLSCertificates: Sendable {
  private struct State: Sendable {
    var context: TLSServerContext
    /// The files as last looked at, whether or not they could be used.
    var seen: [String: FileStamp]
  }

  private let settings: TLSServerSettings
  private let pool: BlockingPool?
  private let paths: Set<String>
  private let state: Monitor<State>

  /// Expensive handshakes go to `pool`, if there is one.
  package init(_ settings: TLSServerSettings, pool: BlockingPool? = nil) throws(TLSConfigurationError) {
    let context = try TLSServerContext(settings, pool: pool)
    self.settings = settings
    self.pool = pool
    paths = Set(settings.files.paths + settings.names.values.flatMap(\.paths) + [settings.clients.authorityFile].compactMap { $0 })
    state = Monitor(State(context: context, seen: context.stamps))
  }

  /// The context for a new session; cheap, from any thread.
  package var context: TLSServerContext { state.withLock { $0.context } }

  /// Looks at the files and loads them when one has changed. Blocks on the disk: call it on a pool thread, one call at a time.
  package func refreshIfChanged() -> TLSRefresh {
    let found = stamps()
    guard state.withLock({ $0.seen != found }) else { return .unchanged }
    do throws(TLSConfigurationError) {
      let context = try TLSServerContext(settings, pool: pool)
      state.withLock { $0 = State(context: context, seen: context.stamps) }
      return .reloaded(warnings: context.warnings)
    } catch {
      state.withLock { $0.seen = found }
      return .failed(error)
    }
  }

  private func stamps() -> [String: FileStamp] {
    paths.reduce(into: [:]) { stamps, path in stamps[path] = FileStamp(path: path) }
  }
}
