// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Restrictions
import Runtime

/// Where a policy server may be reached.
package enum PolicyEndpoint: Hashable, Sendable {
  case ip(SocketAddress)
  case unix(path: String)
}

/// What `PolicyClient` stands on: connections and the clock of one loop.
package protocol PolicyGround: AnyObject {
  var now: Instant { get }
  /// The places to try, one after the other.
  func endpoints(of address: PolicyServer.Address) async -> Result<[PolicyEndpoint], PolicyFailure>
  /// Begins a connection; whether it stands shows when it is used.
  func open(_ endpoint: PolicyEndpoint) -> Result<any ByteStream, SystemError>
  func pause(until deadline: Instant) async
  /// Calls `body` at `deadline`, on the loop.
  func schedule(at deadline: Instant, _ body: @escaping () -> Void)
}

/// Sockets of an event loop.
package final class LoopPolicyGround: PolicyGround {
  private let loop: EventLoop
  private let names: any NameService

  package init(_ loop: EventLoop, names: any NameService) {
    self.loop = loop
    self.names = names
  }

  package var now: Instant { loop.now }

  package func endpoints(of address: PolicyServer.Address) async -> Result<[PolicyEndpoint], PolicyFailure> {
    switch address {
    case .unix(let path): return .success([.unix(path: path)])
    case .tcp(let host, let port):
      let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
      if let address = IPAddress(bare) { return .success([.ip(SocketAddress(address, port: port))]) }
      let addresses = await addresses(.a(host)) + addresses(.aaaa(host))
      if addresses.isEmpty { return .failure(PolicyFailure("host \(host) has no address")) }
      return .success(addresses.map { .ip(SocketAddress($0, port: port)) })
    }
  }

  private func addresses(_ query: NameQuery) async -> [IPAddress] {
    guard case .success(let records) = await names.answer(query) else { return [] }
    return records.compactMap { if case .address(let address) = $0 { address } else { nil } }
  }

  package func open(_ endpoint: PolicyEndpoint) -> Result<any ByteStream, SystemError> {
    do throws(SystemError) {
      let descriptor =
        switch endpoint {
        case .ip(let address): try ConnectingSocket.open(address)
        case .unix(let path): try ConnectingSocket.open(path: path)
        }
      return .success(try SocketStream(descriptor, on: loop))
    } catch {
      return .failure(error)
    }
  }

  package func pause(until deadline: Instant) async { await loop.sleep(until: deadline) }

  package func schedule(at deadline: Instant, _ body: @escaping () -> Void) { loop.arm(loop.timer(body), at: deadline) }
}
