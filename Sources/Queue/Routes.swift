// SPDX-License-Identifier: Apache-2.0

extension Recipient {
  /// Classes of addresses.
  package struct Routes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package init(_ route: Route) { rawValue = 1 << min(route.rawValue, 7) }

    package init(_ route: Route, isAlias: Bool) { self = isAlias ? .aliases : Routes(route) }

    /// Aliases of this host that are more than other addresses.
    package static let aliases = Routes(rawValue: 1 << 6)
    package static let all = Routes(rawValue: .max)
    /// Of a message that goes to a content filter.
    static let filtered = Routes(.remote)
    /// Mailboxes of this host.
    package static let mailboxes: Routes = [Routes(.local), Routes(.virtual)]
  }
}

extension Envelope {
  /// The classes of its recipients. A content filter makes them all one, and so does a probe: the scheduler's.
  package var routes: Recipient.Routes {
    contentFilter.isEmpty && !isProbe ? classes : .filtered
  }

  private var classes: Recipient.Routes { recipients.reduce(into: []) { $0.formUnion(Recipient.Routes($1.route, isAlias: $1.isAlias)) } }
}
