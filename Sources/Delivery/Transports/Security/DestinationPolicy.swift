// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime

/// What smtp_tls_policy_maps says for a destination: `secure match=example.com:.example.com protocols=>=TLSv1.2`.
package struct DestinationPolicy: Equatable, Sendable {
  package var level: SecurityLevel
  package var match: [String] = []
  package var protocols: TLSProtocols?
  package var grade: TLSCiphers.Grade?
  package var excluded: [String]?
  package var serverName: String?
  package var anchorFiles: [String] = []
  package var reusesConnections: Bool?

  /// Why a policy cannot be used. Mail waits then: what is ignored here could weaken it.
  package struct Fault: Error, Equatable {
    package let text: String
  }

  package init(level: SecurityLevel) { self.level = level }

  package init(_ value: String) throws(Fault) {
    let words = value.split { $0 == "," || $0.isWhitespace }
    guard let first = words.first else { throw Fault(text: "invalid empty policy") }
    guard let level = SecurityLevel(word: first) else { throw Fault(text: "invalid security level \"\(first)\"") }
    self.level = level
    // Where there is no TLS, nothing can be weakened.
    if level == .none { return }
    for word in words.dropFirst() { try take(word) }
  }

  private mutating func take(_ word: Substring) throws(Fault) {
    guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
      throw Fault(text: "malformed attribute/value pair \"\(word)\"")
    }
    let name = word[..<equals].lowercased()
    let value = String(word[word.index(after: equals)...])
    guard !value.isEmpty else { throw Fault(text: "attribute \"\(name)\" has empty value") }
    switch name {
    case "match": try takeMatch(value)
    case "protocols":
      try once(name, protocols == nil) {
        protocols = try? TLSProtocols(value)
      } orFail: {
        protocols == nil
      }
    case "ciphers":
      try once(name, grade == nil) {
        grade = TLSCiphers.Grade(setting: value.lowercased())
      } orFail: {
        grade == nil
      }
    case "exclude":
      try once(name, excluded == nil) {
        excluded = value.split(separator: ":").map(String.init)
      } orFail: {
        false
      }
    case "servername":
      try once(name, serverName == nil) {
        serverName = isHostName(value) ? value : nil
      } orFail: {
        serverName == nil
      }
    case "tafile": try takeAnchor(value)
    case "connection_reuse":
      guard let reuses = ["yes": true, "no": false][value.lowercased()] else {
        throw Fault(text: "attribute \"\(name)\" has bad value: \"\(value)\"")
      }
      reusesConnections = reuses
    default: throw Fault(text: "invalid attribute name: \"\(name)\"")
    }
  }

  private func once(_ name: String, _ isFirst: Bool, _ set: () -> Void, orFail hasFailed: () -> Bool) throws(Fault) {
    guard isFirst else { throw Fault(text: "attribute \"\(name)\" is specified multiple times") }
    set()
    if hasFailed() { throw Fault(text: "attribute \"\(name)\" has a bad value") }
  }

  private mutating func takeMatch(_ value: String) throws(Fault) {
    switch level {
    case .fingerprint: match += value.split(separator: "|").map { $0.uppercased() }
    case .verify, .secure: match += value.split(separator: ":").map(String.init)
    default: throw Fault(text: "attribute \"match\" invalid at security level \"\(level.word)\"")
    }
  }

  private mutating func takeAnchor(_ value: String) throws(Fault) {
    guard level == .verify || level == .secure else { throw Fault(text: "attribute \"tafile\" invalid at security level \"\(level.word)\"") }
    anchorFiles.append(value)
  }
}
