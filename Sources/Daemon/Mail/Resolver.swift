// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime
import Settings

/// Whom the daemon asks for names: what `resolver` says, or what /etc/resolv.conf says now.
final class Resolver: Sendable {
  let names: UnboundNames
  private let files: ResolverFiles
  private let proof: ResolverConfiguration.Proof
  private let trustAnchors: [String]
  private let log: Log

  init(_ configuration: Configuration, home: EventLoop, log: Log) {
    self.log = log
    var fixed = configuration[Keys.resolver].configuration
    fixed?.rootServers = configuration[Keys.resolverRootServers].configuration?.servers ?? []
    files = ResolverFiles(resolvConf: fixed == nil ? "/etc/resolv.conf" : nil)
    proof = ResolverConfiguration.Proof(configuration[Keys.resolverDnssec])
    trustAnchors = proof == .never ? [] : Self.trustAnchors(configuration[Keys.resolverTrustAnchorFile], isNeeded: proof == .always, log)
    var servers = fixed ?? files.changedServers() ?? .recursive
    (servers.proof, servers.trustAnchors) = (proof, trustAnchors)
    names = UnboundNames(home: home, servers, hosts: files.changedHosts() ?? HostsFile()) { log.info("resolver", $0) }
  }

  /// Looks whether a file has changed, on the calling thread, which may block.
  func refresh() {
    if var servers = files.changedServers() {
      log.info("resolver", "/etc/resolv.conf has changed: asking \(servers.servers.map(\.description).joined(separator: ", "))")
      (servers.proof, servers.trustAnchors) = (proof, trustAnchors)
      names.use(servers)
    }
    if let hosts = files.changedHosts() { names.use(hosts) }
  }

  /// That of unbound-anchor follows a change of keys by itself, so it comes first.
  private static let anchorFiles = ["/var/lib/unbound/root.key", "/usr/share/dns/root.key"]

  private static func trustAnchors(_ path: String, isNeeded: Bool, _ log: Log) -> [String] {
    let paths = path.isEmpty ? anchorFiles : [path]
    for path in paths {
      let records = TrustAnchors.records(ResolverFiles.text(of: path))
      if !records.isEmpty { return records }
    }
    if isNeeded || !path.isEmpty {
      log.error(
        "resolver",
        "no DS or DNSKEY record in \(paths.joined(separator: " or ")): nothing is proved (see resolver_trust_anchor_file; Debian's dns-root-data has one)"
      )
    }
    return []
  }
}

extension ResolverConfiguration.Proof {
  fileprivate init(_ setting: ResolverDNSSEC) {
    switch setting {
    case .auto: self = .whereItCanBe
    case .no: self = .never
    case .yes: self = .always
    }
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
