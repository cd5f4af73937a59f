// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names

/// The Domain Name System by way of libunbound, with its cache, and before it /etc/hosts. One for all loops of a process.
///
/// One context for all: they share its cache, and each has a thread. What belongs to it is touched on one loop alone, the home; a question from another loop goes
/// there and its answer back, each by one job in that loop's queue.
///
/// Name servers are asked as the libc does: in their order, the next one when one fails or is silent.
package final class UnboundNames: NameService, @unchecked Sendable {
  /// Questions under way at a time; beyond that they fail for now.
  package static let maximumQuestions = 4096

  /// Descriptors that it may need at a time, with one server.
  package static let maximumDescriptors = UnboundContext.outgoingPorts + UnboundContext.outgoingConnections + 32

  private let home: EventLoop
  private let maximum: Int
  private let report: @Sendable (String) -> Void
  private let hosts: Monitor<HostsFile>
  // Owned by the home loop.
  private var upstreams: [Upstream]
  private var questions = 0

  /// `report` is told whether answers can be proved.
  package init(
    home: EventLoop, _ configuration: ResolverConfiguration, hosts: HostsFile = HostsFile(), maximumQuestions: Int = maximumQuestions,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.home = home
    self.report = report
    self.hosts = Monitor(hosts)
    maximum = maximumQuestions
    upstreams = Self.upstreams(configuration, on: home, report)
    probe()
  }

  package func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  package func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await findings(query, within: limit).withRecords
  }

  package func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    if let records = hosts.withLock({ $0.answer(query) }) { return .success(NameAnswer(records)) }
    return await directFindings(query, within: limit)
  }

  /// What name servers say, whatever /etc/hosts has.
  fileprivate func directFindings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    guard let name = query.name else { return .failure(.notFound) }
    if home.isCurrent { return await ask(name, query.type, limit) }
    return await withUnsafeContinuation { continuation in
      home.spawn { continuation.resume(returning: await self.ask(name, query.type, limit)) }
    }
  }

  /// From now on asks other servers, or other hosts come before them. Questions under way end as they began. From any thread.
  package func use(_ configuration: ResolverConfiguration) {
    home.spawn { self.upstreams = Self.upstreams(configuration, on: self.home, self.report) }
    probe()
  }

  package func use(_ hosts: HostsFile) { self.hosts.withLock { $0 = hosts } }

  /// Lets libunbound go, after the home loop has ended.
  package func close() { upstreams = [] }

  private static func upstreams(
    _ configuration: ResolverConfiguration, on loop: EventLoop, _ report: @escaping @Sendable (String) -> Void
  ) -> [Upstream] {
    let servers = configuration.servers.isEmpty ? [nil] : configuration.servers.map(Optional.some)
    return servers.map { Upstream(on: loop, server: $0, configuration, report: report) }
  }

  private func probe() { home.spawn { await self.upstreams.first?.probe() } }

  private func ask(_ name: String, _ type: RecordType, _ limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    guard questions < maximum else { return .failure(.temporary("too many questions at once")) }
    questions += 1
    defer { questions -= 1 }
    var result: Result<NameAnswer, NameFailure> = .failure(.temporary("no name server"))
    for upstream in inOrder(at: .now()) {
      result = await upstream.ask(name, type, within: limit)
      guard case .failure(.temporary) = result else { break }
    }
    return result
  }

  private func inOrder(at now: Instant) -> [Upstream] {
    guard upstreams.count > 1 else { return upstreams }
    return upstreams.filter { !$0.isResting(at: now) } + upstreams.filter { $0.isResting(at: now) }
  }
}

/// The Domain Name System alone, without /etc/hosts: restrictions ask whether the world knows a name.
package struct DirectNames: NameService {
  private let names: UnboundNames

  package init(_ names: UnboundNames) { self.names = names }

  package func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  package func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await findings(query, within: limit).withRecords
  }

  package func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await names.directFindings(query, within: limit)
  }
}
