// SPDX-License-Identifier: Apache-2.0

/// The mechanisms that the client has, the best first.
package enum SASLMechanism: String, CaseIterable, Sendable {
  /// RFC 7677.
  case scramSHA256 = "SCRAM-SHA-256"
  /// RFC 5802.
  case scramSHA1 = "SCRAM-SHA-1"
  /// RFC 2195.
  case cramMD5 = "CRAM-MD5"
  /// RFC 4616.
  case plain = "PLAIN"
  case login = "LOGIN"

  /// What a login must not be, or must be: smtp_sasl_security_options.
  package struct Demands: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let noPlaintext = Demands(rawValue: 1)
    package static let noActive = Demands(rawValue: 2)
    package static let noDictionary = Demands(rawValue: 4)
    package static let noAnonymous = Demands(rawValue: 8)
    package static let mutual = Demands(rawValue: 16)
    package static let forwardSecrecy = Demands(rawValue: 32)

    /// Words that are none of Postfix's are passed over.
    package init(words: [String]) {
      let known: [String: Demands] = [
        "noplaintext": .noPlaintext, "noactive": .noActive, "nodictionary": .noDictionary, "noanonymous": .noAnonymous, "mutual_auth": .mutual,
        "forward_secrecy": .forwardSecrecy,
      ]
      self.init(words.compactMap { known[$0.lowercased()] })
    }
  }

  /// Whether it meets them; none of these is anonymous, none has forward secrecy, and who gets the answer to a challenge can try words against it.
  package func meets(_ demands: Demands) -> Bool {
    let isPlain = self == .plain || self == .login
    let isMutual = self == .scramSHA256 || self == .scramSHA1
    if demands.contains(.noPlaintext), isPlain { return false }
    if demands.contains(.noActive), !isMutual { return false }
    if demands.contains(.noDictionary) || demands.contains(.forwardSecrecy) { return false }
    return !demands.contains(.mutual) || isMutual
  }

  /// The best of those that a server offers. `isAllowed` is asked with a name in lower case.
  package static func choose(offered: [String], demands: Demands, isAllowed: (String) -> Bool) -> SASLMechanism? {
    let offered = Set(offered.map { $0.uppercased() })
    return allCases.first { offered.contains($0.rawValue) && $0.meets(demands) && isAllowed($0.rawValue.lowercased()) }
  }
}

/// Hashes as the mechanisms need them; a pure module has none of its own. Names are `md5`, `sha1` and `sha256`; an empty result means that there is no such.
package struct SASLHashes: Sendable {
  package var hash: @Sendable (_ name: String, _ data: [UInt8]) -> [UInt8]
  package var hmac: @Sendable (_ name: String, _ key: [UInt8], _ data: [UInt8]) -> [UInt8]
  /// PBKDF2.
  package var derive: @Sendable (_ name: String, _ password: [UInt8], _ salt: [UInt8], _ iterations: Int) -> [UInt8]

  package init(
    hash: @escaping @Sendable (String, [UInt8]) -> [UInt8], hmac: @escaping @Sendable (String, [UInt8], [UInt8]) -> [UInt8],
    derive: @escaping @Sendable (String, [UInt8], [UInt8], Int) -> [UInt8]
  ) {
    self.hash = hash
    self.hmac = hmac
    self.derive = derive
  }
}
