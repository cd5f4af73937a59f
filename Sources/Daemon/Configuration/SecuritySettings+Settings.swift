// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import SMTP
import Settings

extension SecuritySettings {
  init(_ setup: Setup, _ keys: SecurityKeys) throws(TLSConfigurationError) {
    self.init()
    let configuration = setup.configuration
    title = keys.policies.name
    level = SecurityLevel(configuration, keys)
    policies = setup.tables(configuration[keys.policies])
    isWrapped = configuration[keys.isWrapped]
    try readTLS(configuration, keys)
    readNames(configuration, keys)
    fallbackDelay = configuration[Keys.minimalBackoffTime]
    sessionLifetime = configuration[keys.sessionLifetime]
    logsSessions = configuration[keys.logLevel] > 0
    notesOffers = configuration[keys.notesOffers]
    refusesEarlyReplies = configuration[keys.refusesEarlyReplies]
    handshakeTimeout = configuration[keys.handshakeTimeout]
    asksUnprovedHosts = configuration[keys.asksUnprovedHosts]
    reusesConnections = configuration[keys.reusesConnections]
    insecureMX = SecurityLevel(configuration[Keys.smtpTlsDaneInsecureMxPolicy])
  }

  private mutating func readTLS(_ configuration: Configuration, _ keys: SecurityKeys) throws(TLSConfigurationError) {
    protocols = try TLSProtocols(configuration[keys.protocols])
    mandatoryProtocols = try TLSProtocols(configuration[keys.mandatoryProtocols])
    let excluded = configuration[keys.excluded]
    ciphers = TLSCiphers(grade: TLSCiphers.Grade(setting: configuration[keys.ciphers].rawValue) ?? .medium, excluded: excluded)
    mandatoryCiphers = TLSCiphers(
      grade: TLSCiphers.Grade(setting: configuration[keys.mandatoryCiphers].rawValue) ?? .medium,
      excluded: excluded + configuration[keys.mandatoryExcluded])
    authorities = TLSAuthorities(configuration, keys)
    anchorFiles = configuration[keys.anchorFiles]
    verifyDepth = configuration[keys.verifyDepth]
    self.keys = TLSKeyFiles(configuration, keys)
  }

  private mutating func readNames(_ configuration: Configuration, _ keys: SecurityKeys) {
    fingerprintDigest = configuration[keys.digest]
    fingerprints = configuration[keys.fingerprints]
    verifyMatch = configuration[keys.verifyMatch].flatMap { $0.split(separator: ":").map(String.init) }
    secureMatch = configuration[keys.secureMatch].flatMap { $0.split(separator: ":").map(String.init) }
    serverName = configuration[keys.serverName]
  }
}

extension SecurityLevel {
  fileprivate init(_ configuration: Configuration, _ keys: SecurityKeys) {
    let word = configuration[keys.level]
    if word != .unset, configuration.values.written(keys.level.name) != nil {
      self = SecurityLevel(word: word.rawValue) ?? .may
    } else if configuration[keys.enforces] {
      self = configuration[keys.enforcesPeerName] ? .verify : .encrypt
    } else if configuration.values.written(keys.uses.name) != nil {
      self = configuration[keys.uses] ? .may : .none
    } else {
      self = SecurityLevel(word: keys.level.definition.defaultText) ?? .none
    }
  }

  fileprivate init(_ policy: TLSInsecureMXPolicy) {
    switch policy {
    case .may: self = .may
    case .encrypt: self = .encrypt
    case .dane: self = .dane
    }
  }
}

extension TLSAuthorities {
  fileprivate init(_ configuration: Configuration, _ keys: SecurityKeys) {
    let (file, folder) = (configuration[keys.authorityFile], configuration[keys.authorityFolder])
    let isSilent = file.isEmpty && folder.isEmpty
    self.init(
      files: file.isEmpty ? [] : [file], folders: folder.isEmpty ? [] : [folder],
      includesSystem: isSilent || configuration[Keys.tlsAppendDefaultCA])
  }
}

extension TLSKeyFiles {
  fileprivate init?(_ configuration: Configuration, _ keys: SecurityKeys) {
    let (chain, certificate) = (configuration[keys.chainFiles], configuration[keys.certificate])
    if !chain.isEmpty {
      self = .chain(chain)
    } else if !certificate.isEmpty {
      self = .pair(certificate: certificate, key: configuration[keys.key])
    } else {
      return nil
    }
  }
}

extension MTASTSSettings {
  /// Nil where policies do not count.
  init?(_ setup: Setup) {
    guard setup.configuration[Keys.smtpTlsMtaSts] else { return nil }
    self.init()
    timeout = setup.configuration[Keys.smtpTlsMtaStsTimeout]
    cacheLimit = setup.configuration[Keys.smtpTlsMtaStsCacheLimit]
    cacheFile = setup.dataFolder + "/mta-sts-policies"
  }
}

extension Setup {
  var outcomesFile: String { dataFolder + "/tls-outcomes" }

  /// Nil where nothing is counted.
  var outcomesDays: Int? {
    let seconds = configuration[Keys.tlsOutcomesKeep].components.seconds
    return seconds > 0 ? max(1, Int(seconds / 86_400)) : nil
  }
}

extension LoginSettings {
  init(_ setup: Setup, _ keys: SecurityKeys) {
    self.init()
    let configuration = setup.configuration
    isEnabled = configuration[keys.logsIn]
    title = keys.passwords.name
    passwords = setup.tables(configuration[keys.passwords])
    dependsOnSender = configuration[keys.dependsOnSender]
    demands = SASLMechanism.Demands(words: configuration[keys.demands])
    demandsWithTLS = SASLMechanism.Demands(words: configuration[keys.demandsWithTLS])
    demandsWithProof = SASLMechanism.Demands(words: configuration[keys.demandsWithProof])
    let filter = configuration[keys.mechanisms]
    let tables = setup.tables(filter.tables)
    allows = { name in
      filter.isEmpty || filter.contains(name) { tables.tables.indices.contains($0) && tables.tables[$0].value(for: name) != nil }
    }
    isSoft = configuration[keys.isSoft]
    refusalLifetime = configuration[keys.refusals].isEmpty ? nil : configuration[keys.refusalLifetime]
    addressDelimiters = configuration[Keys.recipientDelimiter]
    saysNobody = configuration[keys.saysNobody]
  }
}
