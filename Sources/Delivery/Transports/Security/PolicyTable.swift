// SPDX-License-Identifier: Apache-2.0
import Names
import Tables

/// smtp_tls_policy_maps.
package struct PolicyTable: Sendable {
  package enum Finding: Equatable, Sendable {
    case absent
    case found(DestinationPolicy)
    /// What the log is to have of it; mail waits.
    case invalid(String)
    /// The table cannot be asked for now.
    case unavailable
  }

  private let title: String
  private let tables: TableList

  package init(_ tables: TableList, title: String) {
    self.tables = tables
    self.title = title
  }

  package var asksSlowly: Bool { !tables.externals.isEmpty }

  /// The policy for a next hop as it is written. Only what is a domain has parents: `.example.com` is for all below.
  package func policy(for destination: String) -> Finding {
    for key in Self.keys(destination) {
      guard let value = tables.value(for: key) else { continue }
      do throws(DestinationPolicy.Fault) {
        return .found(try DestinationPolicy(value))
      } catch {
        return .invalid("\(title), next-hop destination \"\(destination)\": \(error.text)")
      }
    }
    return tables.isFailing ? .unavailable : .absent
  }

  package static func keys(_ destination: String) -> [String] {
    let name = destination.lowercased()
    guard isHostName(name) else { return [name] }
    var keys = [name]
    var rest = name[...]
    while let dot = rest.dropFirst().firstIndex(of: ".") {
      rest = rest[dot...]
      keys.append(String(rest))
    }
    return keys
  }
}
