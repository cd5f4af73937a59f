// SPDX-License-Identifier: Apache-2.0

/// RFC 5802, without channel binding.
struct SCRAMClient: Sendable {
  /// A server that asks for more would keep us busy for its own sake.
  static let maximumIterations = 600_000

  private let digest: String
  private let password: [UInt8]
  private let hashes: SASLHashes
  private let nonce: String
  private let bare: String
  private var expected: [UInt8] = []
  private(set) var isProved = false

  init(_ digest: String, _ credentials: SASLCredentials, _ hashes: SASLHashes, nonce: String) {
    self.digest = digest
    password = Array(credentials.password.utf8)
    self.hashes = hashes
    self.nonce = nonce
    bare = "n=\(Self.name(credentials.user)),r=\(nonce)"
  }

  /// RFC 5802 §5.1: `saslname`.
  private static func name(_ text: String) -> String {
    text.unicodeScalars.map { $0 == "=" ? "=3D" : $0 == "," ? "=2C" : String($0) }.joined()
  }

  /// `client-first-message`
  var first: String { "n,," + bare }

  /// `client-final-message`, to the `server-first-message`.
  mutating func answer(_ challenge: String) throws(SASLClient.Fault) -> String {
    let fields = Self.fields(challenge)
    guard fields.count >= 3, fields[0].name == "r", fields[1].name == "s", fields[2].name == "i" else {
      throw .badChallenge("no server-first-message")
    }
    let theirs = fields[0].value
    // RFC 5802 §5.1: it begins with ours, and has something of its own.
    guard theirs.hasPrefix(nonce), theirs.utf8.count > nonce.utf8.count else { throw .forgedServer }
    guard let salt = Base64.decode(fields[1].value), !salt.isEmpty, let iterations = Int(fields[2].value),
      (1...Self.maximumIterations).contains(iterations)
    else { throw .badChallenge("bad salt or iteration count") }
    let salted = hashes.derive(digest, password, salt, iterations)
    let clientKey = hashes.hmac(digest, salted, Array("Client Key".utf8))
    let final = "c=biws,r=\(theirs)"
    let message = Array("\(bare),\(challenge),\(final)".utf8)
    let signature = hashes.hmac(digest, hashes.hash(digest, clientKey), message)
    guard !salted.isEmpty, signature.count == clientKey.count else { throw .badChallenge("\(digest) may not be used") }
    expected = hashes.hmac(digest, hashes.hmac(digest, salted, Array("Server Key".utf8)), message)
    return "\(final),p=\(Base64.encode(zip(clientKey, signature).map { $0 ^ $1 }))"
  }

  /// `server-final-message`: the server's proof that it knows the password.
  mutating func check(_ text: String) throws(SASLClient.Fault) {
    let fields = Self.fields(text)
    if let error = fields.first, error.name == "e" { throw .badChallenge(error.value) }
    guard let verifier = fields.first, verifier.name == "v", let signature = Base64.decode(verifier.value), !expected.isEmpty, signature == expected
    else { throw .forgedServer }
    isProved = true
  }

  private static func fields(_ text: String) -> [(name: Substring, value: String)] {
    text.split(separator: ",").compactMap { part in
      guard let equals = part.firstIndex(of: "=") else { return nil }
      return (part[..<equals], String(part[part.index(after: equals)...]))
    }
  }
}
