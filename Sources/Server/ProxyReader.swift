// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// Reads the header of the PROXY protocol in front of a connection, and nothing beyond it: TLS may follow at once.
package struct ProxyReader: Sendable {
  /// `smtpd_upstream_proxy_timeout`, for the whole header.
  package let timeout: Duration
  /// `haproxy_trusted_networks`.
  package let trusted: NetworkList

  package init(timeout: Duration, trusted: NetworkList) {
    self.timeout = timeout
    self.trusted = trusted
  }

  package enum Failure: Error, Equatable {
    case untrusted
    case fault(ProxyHeader.Fault)
    case timedOut
    case connectionLost
    case interrupted

    /// For the log.
    package var text: String {
      switch self {
      case .untrusted: "not in haproxy_trusted_networks"
      case .fault(let fault): fault.rawValue
      case .timedOut: "no PROXY protocol header in time"
      case .connectionLost: "lost connection before the end of the PROXY protocol header"
      case .interrupted: "interrupted"
      }
    }
  }

  /// The client that `peer` connects for; `peer` itself if it says that it speaks for nobody.
  package func client<Stream: ByteStream>(of peer: Client, on stream: Stream) async -> Result<Client, Failure> {
    if let address = peer.address, !trusted.contains(address) { return .failure(.untrusted) }
    switch await header(on: stream) {
    case .failure(let failure): return .failure(failure)
    case .success(.connection): return .success(peer)
    case .success(.client(let source, let destination)): return .success(peer.standing(for: source, to: destination))
    }
  }

  @inline(never) private func header<Stream: ByteStream>(on stream: Stream) async -> Result<ProxyHeader, Failure> {
    var seen = ByteBuffer()
    let deadline = stream.now + timeout
    while true {
      let known = seen.count
      switch await stream.peek(into: &seen, beyond: known, deadline: deadline) {
      case .received: break
      case .timedOut: return .failure(.timedOut)
      case .interrupted: return .failure(.interrupted)
      case .endOfStream, .failed: return .failure(.connectionLost)
      }
      switch seen.withReadable(ProxyHeader.parse) {
      case .needMore: continue
      case .failed(let fault): return .failure(.fault(fault))
      case .complete(let header, let length):
        stream.skip(length)
        return .success(header)
      }
    }
  }
}
