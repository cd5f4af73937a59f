// SPDX-License-Identifier: Apache-2.0

/// The words of Postfix's restrictions.
enum RestrictionWords {
  /// Words that stand alone.
  static let simple: [String: Restriction] = [
    "permit": .permit, "reject": .reject, "defer": .defer, "defer_if_permit": .deferIfPermit, "defer_if_reject": .deferIfReject,
    "warn_if_reject": .warnIfReject, "reject_unauth_pipelining": .rejectUnauthPipelining,
    "reject_plaintext_session": .rejectPlaintextSession, "reject_multi_recipient_bounce": .rejectMultiRecipientBounce,
    "permit_mynetworks": .permitMynetworks, "permit_inet_interfaces": .permitInetInterfaces,
    "permit_sasl_authenticated": .permitSASLAuthenticated, "permit_tls_all_clientcerts": .permitTLSAllClientcerts,
    "permit_tls_clientcerts": .permitTLSClientcerts,
    "reject_unknown_client_hostname": .rejectUnknownClientHostname,
    "reject_unknown_reverse_client_hostname": .rejectUnknownReverseClientHostname,
    "reject_invalid_helo_hostname": .rejectInvalidHelo, "reject_non_fqdn_helo_hostname": .rejectNonFQDNHelo,
    "reject_unknown_helo_hostname": .rejectUnknownHelo, "reject_non_fqdn_sender": .rejectNonFQDN(.sender),
    "reject_non_fqdn_recipient": .rejectNonFQDN(.recipient), "reject_unknown_sender_domain": .rejectUnknownDomain(.sender),
    "reject_unknown_recipient_domain": .rejectUnknownDomain(.recipient), "reject_unlisted_sender": .rejectUnlisted(.sender),
    "reject_unlisted_recipient": .rejectUnlisted(.recipient), "reject_unverified_sender": .rejectUnverified(.sender),
    "reject_unverified_recipient": .rejectUnverified(.recipient), "permit_auth_destination": .permitAuthDestination,
    "permit_mx_backup": .permitMXBackup, "reject_unauth_destination": .rejectUnauthDestination,
    "defer_unauth_destination": .deferUnauthDestination,
  ]

  /// Words whose next element is a list in the DNS.
  static let lists: [String: (subject: ListSubject, isWelcome: Bool)] = [
    "reject_rbl_client": (.address, false), "permit_dnswl_client": (.address, true), "permit_rhswl_client": (.name(.client), true),
    "reject_rhsbl_client": (.name(.client), false), "reject_rhsbl_reverse_client": (.name(.reverseClient), false),
    "reject_rhsbl_helo": (.name(.helo), false), "reject_rhsbl_sender": (.name(.sender), false),
    "reject_rhsbl_recipient": (.name(.recipient), false),
  ]

  /// Spellings of older Postfixes, which it still takes.
  static let oldSpellings = [
    "reject_unknown_client": "reject_unknown_client_hostname", "reject_invalid_hostname": "reject_invalid_helo_hostname",
    "reject_non_fqdn_hostname": "reject_non_fqdn_helo_hostname", "reject_unknown_hostname": "reject_unknown_helo_hostname",
    "reject_rbl": "reject_rbl_client", "check_recipient_maps": "reject_unlisted_recipient",
  ]

  /// Words that Postfix has, and Weir not: what to do instead.
  static let others: [String: String] = [
    "permit_naked_ip_address": "it is obsolete; use permit_mynetworks",
    "check_relay_domains": "it is obsolete; use permit_mynetworks, reject_unauth_destination",
    "reject_maps_rbl": "it is obsolete; use reject_rbl_client with the name of the list",
    "reject_sender_login_mismatch": login, "reject_authenticated_sender_login_mismatch": login,
    "reject_known_sender_login_mismatch": login, "reject_unauthenticated_sender_login_mismatch": login,
    "check_sasl_access": login,
    "check_address_map": "it is obsolete; use check_client_access, check_sender_access or check_recipient_access",
  ]

  private static let login = "users cannot log in yet; remove the word"

  /// `check_client_access`, `check_sender_mx_access`.
  static func access(_ word: String) -> (subject: AccessSubject, servers: ServerKind?)? { accesses[word] }

  private static let accesses: [String: (subject: AccessSubject, servers: ServerKind?)] = {
    var found: [String: (subject: AccessSubject, servers: ServerKind?)] = [:]
    for subject in AccessSubject.allCases {
      found["check_\(subject.rawValue)_access"] = (subject, nil)
      if subject == .etrn { continue }
      for kind in ServerKind.allCases { found["check_\(subject.rawValue)_\(kind.rawValue)_access"] = (subject, kind) }
    }
    return found
  }()

  static let all: [String] =
    Array(simple.keys) + Array(lists.keys) + Array(accesses.keys) + Array(oldSpellings.keys) + Array(others.keys) + [
      "check_policy_service", "check_ccert_access", "sleep",
    ]
}
