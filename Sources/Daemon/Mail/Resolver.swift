// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime
import Settings

/// Whom the daemon asks for names: what `resolver` says, or what /etc/resolv.conf says now.
final class Resolver: Sendable {
  let names: UnboundNames
  private let files: ResolverFiles
  private let log: Log

  init(_ configuration: Configuration, home: EventLoop, log: Log) {
    self.log = log
    let fixed = configuration[Keys.resolver].configuration
    files = ResolverFiles(resolvConf: fixed == nil ? "/etc/resolv.conf" : nil)
    let servers = fixed ?? files.changedServers() ?? .recursive
    names = UnboundNames(home: home, servers, hosts: files.changedHosts() ?? HostsFile())
  }

  /// Looks whether a file has changed, on the calling thread, which may block.
  func refresh() {
    if let servers = files.changedServers() {
      log.info("resolver", "/etc/resolv.conf has changed: asking \(servers.servers.map(\.description).joined(separator: ", "))")
      names.use(servers)
    }
    if let hosts = files.changedHosts() { names.use(hosts) }
  }
}

extension NameServers {
  /// Nil for the servers of /etc/resolv.conf.
  var configuration: ResolverConfiguration? {
    switch self {
    case .system: nil
    case .recursive: .recursive
    case .servers(let list): ResolverConfiguration(servers: list.map { ResolverConfiguration.Server($0.address, port: $0.port) })
    }
  }
}
