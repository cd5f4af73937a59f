// SPDX-License-Identifier: Apache-2.0
import Runtime
import Tables

/// What smtp_tls_… or lmtp_tls_… say.
package struct SecuritySettings: Sendable {
  /// The name of the table in messages: `smtp_tls_policy_maps`.
  package var title = "smtp_tls_policy_maps"
  package var level = SecurityLevel.may
  package var policies = TableList([])
  package var isWrapped = false
  package var protocols = TLSProtocols.postfix
  package var mandatoryProtocols = TLSProtocols.postfix
  package var ciphers = TLSCiphers()
  package var mandatoryCiphers = TLSCiphers()
  package var authorities = TLSAuthorities.system
  /// PEM files that replace the authorities at verify and secure.
  package var anchorFiles: [String] = []
  package var verifyDepth = 9
  package var keys: TLSKeyFiles?
  package var fingerprintDigest = "sha256"
  package var fingerprints: [String] = []
  package var verifyMatch = ["hostname"]
  package var secureMatch = ["nexthop", "dot-nexthop"]
  /// For SNI: a name, `hostname`, `nexthop`, or empty.
  package var serverName = ""
  package var sessionLifetime = Duration.seconds(3600)
  package var logsSessions = false
  package var notesOffers = false
  package var refusesEarlyReplies = false
  package var handshakeTimeout = Duration.seconds(300)
  package var asksUnprovedHosts = false
  package var reusesConnections = false
  /// How long a message must have waited before it goes in the clear to a server whose TLS does not work.
  package var fallbackDelay = Duration.seconds(300)
  /// For hosts that an MX record without proof names: `dane`, `encrypt` or `may`.
  package var insecureMX = SecurityLevel.dane
  /// Nil where policies of MTA-STS do not count.
  package var mtaSTS: MTASTSSettings?

  package init() {}
}

package struct MTASTSSettings: Sendable {
  package var timeout = Duration.seconds(30)
  package var cacheLimit = 10_000
  /// Where policies are kept between runs.
  package var cacheFile: String?

  package init() {}
}
