// SPDX-License-Identifier: Apache-2.0

/// A user's name and password, which no log shows.
package struct SASLCredentials: Hashable, Sendable, CustomStringConvertible {
  package let user: String
  package let password: String

  package init(user: String, password: String) {
    self.user = user
    self.password = password
  }

  /// `user:password`.
  package init(_ value: String) {
    let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(user: String(parts.first ?? ""), password: parts.count > 1 ? String(parts[1]) : "")
  }

  package var description: String { "\(user):(hidden)" }
}

/// A login from the client's side: challenges in, answers out. RFC 4422, RFC 4954.
///
/// Pure. SCRAM takes milliseconds of hashing for one step: call it where that does no harm.
package struct SASLClient: Sendable {
  package enum Fault: Error, Equatable, Sendable {
    /// The server's challenge is none of this mechanism.
    case badChallenge(String)
    /// The server does not know the password either: it only says that it does.
    case forgedServer
  }

  package let mechanism: SASLMechanism
  private let credentials: SASLCredentials
  private let hashes: SASLHashes
  private var step = 0
  private var scram: SCRAMClient?

  /// `nonce` is some letters and digits that nobody can foretell.
  package init(_ mechanism: SASLMechanism, _ credentials: SASLCredentials, hashes: SASLHashes, nonce: String) {
    self.mechanism = mechanism
    self.credentials = credentials
    self.hashes = hashes
    switch mechanism {
    case .scramSHA256: scram = SCRAMClient("sha256", credentials, hashes, nonce: nonce)
    case .scramSHA1: scram = SCRAMClient("sha1", credentials, hashes, nonce: nonce)
    default: break
    }
  }

  /// The command that begins it: RFC 4954 §4, with the initial response where the mechanism has one.
  package var command: String {
    guard let first = initialResponse else { return "AUTH \(mechanism.rawValue)" }
    return "AUTH \(mechanism.rawValue) \(first.isEmpty ? "=" : Base64.encode(first))"
  }

  private var initialResponse: [UInt8]? {
    switch mechanism {
    case .plain: [0] + Array(credentials.user.utf8) + [0] + Array(credentials.password.utf8)
    case .scramSHA256, .scramSHA1: scram.map { Array($0.first.utf8) }
    case .cramMD5, .login: nil
    }
  }

  /// The answer to the text of a 334 reply, as it is to be sent.
  package mutating func answer(_ challenge: String) throws(Fault) -> String {
    guard let bytes = Base64.decode(challenge) else { throw .badChallenge("no base64") }
    step += 1
    return Base64.encode(try respond(bytes))
  }

  private mutating func respond(_ challenge: [UInt8]) throws(Fault) -> [UInt8] {
    switch mechanism {
    case .plain:
      // A server that did not take the initial response asks for it once more: RFC 4954 §4.
      guard step == 1, challenge.isEmpty, let first = initialResponse else { throw .badChallenge("nothing more to say") }
      return first
    case .login:
      guard step <= 2 else { throw .badChallenge("nothing more to say") }
      return Array((step == 1 ? credentials.user : credentials.password).utf8)
    case .cramMD5:
      guard step == 1 else { throw .badChallenge("nothing more to say") }
      let digest = hashes.hmac("md5", Array(credentials.password.utf8), challenge)
      guard !digest.isEmpty else { throw .badChallenge("MD5 may not be used") }
      return Array("\(credentials.user) \(Self.hex(digest))".utf8)
    case .scramSHA256, .scramSHA1: return try scramAnswer(challenge)
    }
  }

  private mutating func scramAnswer(_ challenge: [UInt8]) throws(Fault) -> [UInt8] {
    let text = String(decoding: challenge, as: UTF8.self)
    guard var machine = scram else { throw .badChallenge("no exchange") }
    defer { scram = machine }
    if step == 1 { return Array(try machine.answer(text).utf8) }
    guard step == 2 else { throw .badChallenge("nothing more to say") }
    try machine.check(text)
    return []
  }

  /// After the final 235, whose text may hold the server's own proof. A server that has not proved itself where the mechanism wants it is refused.
  package mutating func succeeded(_ text: String) throws(Fault) {
    guard var machine = scram, !machine.isProved else { return }
    let word = text.split(separator: " ").last.map(String.init) ?? ""
    guard let bytes = Base64.decode(word) else { throw .forgedServer }
    try machine.check(String(decoding: bytes, as: UTF8.self))
    scram = machine
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
