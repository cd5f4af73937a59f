// SPDX-License-Identifier: Apache-2.0

/// What a `transport` block of a client may say of its own, as `-o` in Postfix's master.cf.
package enum ClientSettings {
  static func definitions(_ kind: TransportBlock.Kind) -> [Definition] {
    switch kind {
    case .smtp, .relay: smtp
    case .lmtp: lmtp
    case .pipe, .local, .virtual, .error, .retry, .discard: []
    }
  }

  package static func names(_ kind: TransportBlock.Kind) -> Set<String> {
    switch kind {
    case .smtp, .relay: smtpNames
    case .lmtp: lmtpNames
    case .pipe, .local, .virtual, .error, .retry, .discard: []
    }
  }

  /// What the other protocol's setting is called for this one.
  static func twin(of name: String, _ kind: TransportBlock.Kind) -> String? {
    let (own, other) = kind == .lmtp ? ("lmtp_", "smtp_") : ("smtp_", "lmtp_")
    guard name.hasPrefix(other) else { return nil }
    let twin = own + name.dropFirst(other.count)
    return names(kind).contains(twin) ? twin : nil
  }

  private static let smtp = all("smtp_")
  private static let lmtp = all("lmtp_")
  private static let smtpNames = Set(smtp.map(\.name))
  private static let lmtpNames = Set(lmtp.map(\.name))

  private static func all(_ prefix: String) -> [Definition] {
    Schema.definitions.filter { ($0.name.hasPrefix(prefix) || common.contains($0.name)) && !shared.contains($0.name) && $0.place != .listener }
  }

  /// Of both clients, without being called so.
  private static let common: Set<String> = [
    Keys.myhostname.name, Keys.inetProtocols.name, Keys.disableDnsLookups.name, Keys.ignoreMxLookupError.name, Keys.fallbackRelay.name,
    Keys.disableMimeOutputConversion.name, Keys.tlsAppendDefaultCA.name,
  ]

  /// Of the policies that all clients have in common.
  private static let shared: Set<String> = [Keys.smtpTlsMtaStsTimeout.name, Keys.smtpTlsMtaStsCacheLimit.name]
}
