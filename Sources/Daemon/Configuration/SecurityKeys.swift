// SPDX-License-Identifier: Apache-2.0
import Settings
import Tables

/// The settings of one client's TLS and logins: they have the same names twice.
struct SecurityKeys: Sendable {
  var level = Keys.smtpTlsSecurityLevel
  var uses = Keys.smtpUseTls
  var enforces = Keys.smtpEnforceTls
  var enforcesPeerName = Keys.smtpTlsEnforcePeername
  var policies = Keys.smtpTlsPolicyMaps
  var isWrapped = Keys.smtpTlsWrappermode
  var authorityFile = Keys.smtpTlsCAfile
  var authorityFolder = Keys.smtpTlsCApath
  var verifyDepth = Keys.smtpTlsScertVerifydepth
  var anchorFiles = Keys.smtpTlsTrustAnchorFile
  var certificate = Keys.smtpTlsCertFile
  var key = Keys.smtpTlsKeyFile
  var chainFiles = Keys.smtpTlsChainFiles
  var protocols = Keys.smtpTlsProtocols
  var mandatoryProtocols = Keys.smtpTlsMandatoryProtocols
  var ciphers = Keys.smtpTlsCiphers
  var mandatoryCiphers = Keys.smtpTlsMandatoryCiphers
  var excluded = Keys.smtpTlsExcludeCiphers
  var mandatoryExcluded = Keys.smtpTlsMandatoryExcludeCiphers
  var digest = Keys.smtpTlsFingerprintDigest
  var fingerprints = Keys.smtpTlsFingerprintCertMatch
  var verifyMatch = Keys.smtpTlsVerifyCertMatch
  var secureMatch = Keys.smtpTlsSecureCertMatch
  var serverName = Keys.smtpTlsServername
  var sessionLifetime = Keys.smtpTlsSessionCacheTimeout
  var logLevel = Keys.smtpTlsLoglevel
  var notesOffers = Keys.smtpTlsNoteStarttlsOffer
  var refusesEarlyReplies = Keys.smtpTlsBlockEarlyMailReply
  var handshakeTimeout = Keys.smtpStarttlsTimeout
  var asksUnprovedHosts = Keys.smtpTlsForceInsecureHostTlsaLookup
  var reusesConnections = Keys.smtpTlsConnectionReuse

  var logsIn = Keys.smtpSaslAuthEnable
  var passwords = Keys.smtpSaslPasswordMaps
  var dependsOnSender = Keys.smtpSenderDependentAuthentication
  var demands = Keys.smtpSaslSecurityOptions
  var demandsWithTLS = Keys.smtpSaslTlsSecurityOptions
  var demandsWithProof = Keys.smtpSaslTlsVerifiedSecurityOptions
  var mechanisms = Keys.smtpSaslMechanismFilter
  var isSoft = Keys.smtpSaslAuthSoftBounce
  var refusals = Keys.smtpSaslAuthCacheName
  var refusalLifetime = Keys.smtpSaslAuthCacheTime
  var saysNobody = Keys.smtpSendDummyMailAuth

  static let smtp = SecurityKeys()

  static let lmtp = SecurityKeys(
    level: Keys.lmtpTlsSecurityLevel, uses: Keys.lmtpUseTls, enforces: Keys.lmtpEnforceTls, enforcesPeerName: Keys.lmtpTlsEnforcePeername,
    policies: Keys.lmtpTlsPolicyMaps, isWrapped: Keys.lmtpTlsWrappermode, authorityFile: Keys.lmtpTlsCAfile,
    authorityFolder: Keys.lmtpTlsCApath, verifyDepth: Keys.lmtpTlsScertVerifydepth, anchorFiles: Keys.lmtpTlsTrustAnchorFile,
    certificate: Keys.lmtpTlsCertFile, key: Keys.lmtpTlsKeyFile, chainFiles: Keys.lmtpTlsChainFiles, protocols: Keys.lmtpTlsProtocols,
    mandatoryProtocols: Keys.lmtpTlsMandatoryProtocols, ciphers: Keys.lmtpTlsCiphers, mandatoryCiphers: Keys.lmtpTlsMandatoryCiphers,
    excluded: Keys.lmtpTlsExcludeCiphers, mandatoryExcluded: Keys.lmtpTlsMandatoryExcludeCiphers, digest: Keys.lmtpTlsFingerprintDigest,
    fingerprints: Keys.lmtpTlsFingerprintCertMatch, verifyMatch: Keys.lmtpTlsVerifyCertMatch, secureMatch: Keys.lmtpTlsSecureCertMatch,
    serverName: Keys.lmtpTlsServername, sessionLifetime: Keys.lmtpTlsSessionCacheTimeout, logLevel: Keys.lmtpTlsLoglevel,
    notesOffers: Keys.lmtpTlsNoteStarttlsOffer, refusesEarlyReplies: Keys.lmtpTlsBlockEarlyMailReply, handshakeTimeout: Keys.lmtpStarttlsTimeout,
    asksUnprovedHosts: Keys.lmtpTlsForceInsecureHostTlsaLookup, reusesConnections: Keys.lmtpTlsConnectionReuse,
    logsIn: Keys.lmtpSaslAuthEnable, passwords: Keys.lmtpSaslPasswordMaps, dependsOnSender: Keys.lmtpSenderDependentAuthentication,
    demands: Keys.lmtpSaslSecurityOptions, demandsWithTLS: Keys.lmtpSaslTlsSecurityOptions,
    demandsWithProof: Keys.lmtpSaslTlsVerifiedSecurityOptions, mechanisms: Keys.lmtpSaslMechanismFilter, isSoft: Keys.lmtpSaslAuthSoftBounce,
    refusals: Keys.lmtpSaslAuthCacheName, refusalLifetime: Keys.lmtpSaslAuthCacheTime, saysNobody: Keys.lmtpSendDummyMailAuth)
}
