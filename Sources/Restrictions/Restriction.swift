// SPDX-License-Identifier: Apache-2.0
import Tables

/// One restriction, with what it needs.
package enum Restriction: Sendable {
  // Whatever the session is about
  case permit
  case reject
  case `defer`
  case deferIfPermit
  case deferIfReject
  /// The next restriction only warns where it would refuse.
  case warnIfReject
  case rejectUnauthPipelining
  case rejectPlaintextSession
  case rejectMultiRecipientBounce
  case policy(PolicyCall)
  case sleep(seconds: Int)
  /// A list of smtpd_restriction_classes.
  case named(String)

  // The client
  case permitMynetworks
  case permitInetInterfaces
  case permitSASLAuthenticated
  case permitTLSAllClientcerts
  case rejectUnknownClientHostname
  case rejectUnknownReverseClientHostname

  // The name in HELO
  case rejectInvalidHelo
  case rejectNonFQDNHelo
  case rejectUnknownHelo

  // Addresses
  case rejectNonFQDN(Party)
  case rejectUnknownDomain(Party)
  case rejectUnlisted(Party)
  case permitAuthDestination
  case permitMXBackup
  case rejectUnauthDestination
  case deferUnauthDestination

  // Tables
  case access(AccessSubject, AccessTable)
  case serverAccess(AccessSubject, ServerKind, AccessTable)

  // Lists in the DNS
  case blocked(ListSubject, DNSLists)
  case welcomed(ListSubject, DNSLists)
}

/// A table of access(5) actions.
package struct AccessTable: Sendable {
  /// `type:name`, for messages.
  let name: String
  let table: Table

  package init(name: String, table: Table) {
    self.name = name
    self.table = table
  }
}

/// What a list in the DNS is asked about.
package enum ListSubject: Sendable {
  /// The reversed address of the client: `reject_rbl_client`, `permit_dnswl_client`.
  case address
  /// Names and domains: `reject_rhsbl_*`, `permit_rhswl_client`.
  case name(AccessSubject)
}

/// `check_policy_service`: the server, and what holds without its answer.
package struct PolicyCall: Hashable, Sendable {
  package let server: PolicyServer
  /// `smtpd_policy_service_default_action`, where this call has its own.
  let defaultAction: String?
  /// `smtpd_policy_service_policy_context`, where this call has its own.
  let context: String?
  /// As it stands in the setting, for messages.
  let title: String
}

/// A list that was read.
package struct RestrictionList: Sendable {
  struct Item: Sendable {
    let restriction: Restriction
    /// As it was written, for warnings.
    let title: String
  }

  let items: [Item]

  init(_ items: [Item]) { self.items = items }

  package static let empty = RestrictionList([])

  package var isEmpty: Bool { items.isEmpty }

  /// The names of classes among the elements.
  package var classNames: [String] { items.compactMap { if case .named(let name) = $0.restriction { name } else { nil } } }
}
