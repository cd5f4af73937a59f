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
  indirect case policy(PolicyCall)
  case sleep(seconds: Int)
  /// A list of smtpd_restriction_classes.
  case named(String)

  // The client
  case permitMynetworks
  case permitInetInterfaces
  case permitSASLAuthenticated
  case permitTLSClientcerts
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
  case rejectUnverified(Party)
  case permitAuthDestination
  case permitMXBackup
  case rejectUnauthDestination
  case deferUnauthDestination

  // Tables
  case access(AccessSubject, AccessTable)
  /// A bare `type:table` in a list of smtpd_restriction_classes: what it is asked about, the list says that names the class.
  case bareAccess(AccessTable)
  case certificateAccess(AccessTable, [CertificateKey])
  case serverAccess(AccessSubject, ServerKind, AccessTable)

  // Lists in the DNS
  case blocked(ListSubject, DNSLists)
  case welcomed(ListSubject, DNSLists)
}

extension Restriction {
  /// The table that it looks into.
  var table: AccessTable? {
    switch self {
    case .access(_, let table), .bareAccess(let table), .certificateAccess(let table, _), .serverAccess(_, _, let table): table
    default: nil
    }
  }
}

/// A table of access(5) actions. A class, because it is handed on with each look-up.
package final class AccessTable: Sendable {
  /// `type:name`, for messages.
  let name: String
  let table: Table
  /// Whether it takes its time to answer.
  let isExternal: Bool

  package init(name: String, table: Table) {
    self.name = name
    self.table = table
    isExternal = !table.externals.isEmpty
  }
}

/// By what a client's certificate is looked up: `search_order` of check_ccert_access.
package enum CertificateKey: String, CaseIterable, Sendable {
  case certificate = "cert_fingerprint"
  case publicKey = "pubkey_fingerprint"
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
  package let address: PolicyServer.Address
  let limits: PolicyLimits
  /// `smtpd_policy_service_default_action`, where this call has its own.
  let defaultAction: String?
  /// `smtpd_policy_service_policy_context`, where this call has its own.
  let context: String?
  /// As it stands in the setting, for messages.
  let title: String
}

/// The `smtpd_policy_service_*` limits; nil where a call leaves them to the settings. Times are in seconds.
package struct PolicyLimits: Hashable, Sendable {
  package var timeout: Int?
  package var maxIdle: Int?
  package var maxTTL: Int?
  package var requestLimit: Int?
  package var tryLimit: Int?
  package var retryDelay: Int?

  package init() {}
}

extension PolicyCall {
  /// With what the settings say where the call says nothing.
  func server(_ settings: PolicyLimits) -> PolicyServer {
    var server = PolicyServer(address)
    server.timeout = limits.timeout ?? settings.timeout ?? server.timeout
    server.maxIdle = limits.maxIdle ?? settings.maxIdle ?? server.maxIdle
    server.maxTTL = limits.maxTTL ?? settings.maxTTL ?? server.maxTTL
    server.requestLimit = limits.requestLimit ?? settings.requestLimit ?? server.requestLimit
    server.tryLimit = limits.tryLimit ?? settings.tryLimit ?? server.tryLimit
    server.retryDelay = limits.retryDelay ?? settings.retryDelay ?? server.retryDelay
    return server
  }
}

/// A list that was read.
package struct RestrictionList: Sendable {
  final class Item: Sendable {
    let restriction: Restriction
    let scope: Scope
    /// As it was written, for warnings.
    let title: String
    /// `file:line`
    let place: String?

    init(restriction: Restriction, title: String, place: String? = nil) {
      self.restriction = restriction
      self.title = title
      self.place = place
      scope = restriction.scope
    }
  }

  let items: [Item]

  init(_ items: [Item]) { self.items = items }

  package static let empty = RestrictionList([])

  /// The restrictions as they were written, each with its arguments.
  package var titles: [String] { items.map(\.title) }

  package var isEmpty: Bool { items.isEmpty }

  /// Whether it refuses strangers in some way: Postfix takes no mail if neither smtpd_relay_restrictions nor smtpd_recipient_restrictions does.
  package func controlsRelaying(_ classes: [String: RestrictionList], depth: Int = 0) -> Bool {
    guard depth < 16 else { return false }
    var isWarning = false
    for item in items {
      defer { if case .warnIfReject = item.restriction { isWarning = true } else { isWarning = false } }
      if isWarning { continue }
      switch item.restriction {
      case .reject, .rejectUnauthDestination, .defer, .deferIfPermit, .deferUnauthDestination: return true
      case .named(let name): if classes[name]?.controlsRelaying(classes, depth: depth + 1) == true { return true }
      default: break
      }
    }
    return false
  }

  /// The names of classes among the elements.
  package var classNames: [String] { items.compactMap { if case .named(let name) = $0.restriction { name } else { nil } } }
}
