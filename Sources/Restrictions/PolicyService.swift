// SPDX-License-Identifier: Apache-2.0

/// A server of Postfix's policy protocol, as `check_policy_service` names it, with the limits that hold for it.
package struct PolicyServer: Hashable, Sendable {
  package enum Address: Hashable, Sendable, CustomStringConvertible {
    /// `inet:host:port`; the host is a name or an address.
    case tcp(host: String, port: UInt16)
    /// `unix:path`, absolute.
    case unix(path: String)

    package var description: String {
      switch self {
      case .tcp(let host, let port): "inet:\(host):\(port)"
      case .unix(let path): "unix:\(path)"
      }
    }
  }

  package let address: Address
  /// `smtpd_policy_service_timeout`: seconds for one answer.
  package var timeout = 100
  /// `smtpd_policy_service_max_idle`: seconds until a connection without requests is closed.
  package var maxIdle = 300
  /// `smtpd_policy_service_max_ttl`: seconds until a connection is closed though it is in use.
  package var maxTTL = 1000
  /// `smtpd_policy_service_request_limit`: requests on one connection; 0 for no limit.
  package var requestLimit = 0
  /// `smtpd_policy_service_try_limit`.
  package var tryLimit = 2
  /// `smtpd_policy_service_retry_delay`: seconds between two tries.
  package var retryDelay = 1

  package init(_ address: Address) { self.address = address }
}

/// Asks servers of Postfix's policy protocol.
package protocol PolicyService: Sendable {
  /// What follows `action=` in the server's answer. The failure says why there is none, for the log.
  func ask(_ server: PolicyServer, _ attributes: [(name: String, value: String)]) async -> Result<String, PolicyFailure>
}

package struct PolicyFailure: Error, Hashable, Sendable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
}
