// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// All settings that Weir has, and what it knows of those it has not.
package enum Schema {
  package static let areas: [Area] = [
    .host, .network, .listener, .smtpServer, .smtpLimits, .clientLimits, .smtpProtection, .restrictions, .verification, .smtpProxies, .postscreen,
    .smtpClient,
    .tls, .outgoingTLS, .outgoingLogins, .lmtpSecurity, .domains, .routing, .rewriting, .aliases, .mailboxes, .quotas, .messages, .commands,
    .headerChecks,
    .reports, .spool, .scheduling, .process, .stages, .logs, .trace,
  ]

  package static let definitions: [Definition] = areas.flatMap(\.definitions)

  private static let topLevel = index(definitions.filter { $0.place != .listener })
  private static let inListener = index(definitions.filter { $0.place != .topLevel })
  private static let known = Dictionary(KnownName.all.map { ($0.name, $0) }) { first, _ in first }
  private static let names = Suggestion(definitions.map(\.name) + KnownName.all.map(\.name))

  private static func index(_ definitions: [Definition]) -> [String: Definition] {
    Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
  }

  package static func definition(_ name: String, inListener isInListener: Bool = false) -> Definition? {
    isInListener ? inListener[name] : topLevel[name] ?? TransportFamilies.definition(name)
  }

  /// Wherever it may stand.
  static func anyDefinition(_ name: String) -> Definition? { topLevel[name] ?? inListener[name] ?? TransportFamilies.definition(name) }

  /// A setting of one transport that the table does not list.
  static func isOfTransport(_ name: String) -> Bool { topLevel[name] == nil && TransportFamilies.definition(name) != nil }

  /// Listed, or the twin of one that is, or of a transport that most systems have.
  package static func knownName(_ name: String) -> KnownName? {
    known[name] ?? KnownFamily.numberedQuota(name) ?? KnownFamily.twin(of: name, known: { known[$0] }, isDefined: { anyDefinition($0) != nil })
      ?? (KnownFamily.isWellKnownTransport(name) ? KnownFamily.transport(name) : nil)
  }

  /// Made by a rule that fits many names, misspelt ones too: to be asked when no other name is near.
  package static func familyName(_ name: String) -> KnownName? { KnownFamily.transport(name) ?? KnownFamily.dovecot(name) }

  static func knows(_ name: String) -> Bool { anyDefinition(name) != nil || knownName(name) != nil }

  /// Whose word it is, if it is anybody's.
  static func origin(of name: String) -> Definition.Origin? {
    anyDefinition(name)?.origin ?? knownName(name)?.origin ?? familyName(name)?.origin
  }

  /// What a misspelt name was meant to be.
  package static func suggestion(for name: String) -> String? {
    let folded = name.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
    if let meant = KnownName.slips[folded] { return meant }
    return names.nearest(to: name)
  }

  /// Another name that differs by no more than two letters.
  static func nearName(to name: String) -> String? { names.nearest(to: name, differences: 2) }
}
