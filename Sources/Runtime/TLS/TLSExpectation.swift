// SPDX-License-Identifier: Apache-2.0

/// What a client wants of the server that it connects to.
package struct TLSExpectation: Sendable {
  package enum Proof: Hashable, Sendable {
    /// Whoever it is. Whether its certificate is trusted is found out all the same.
    case anyone
    /// A certificate of an authority that is trusted, for one of these names; `.example.com` is any name below. With `strictly` only the alternative
    /// names count, not the common name: RFC 8461 §4.1.
    case names([String], strictly: Bool)
    /// One of these, of the certificate or of its key, by the digest that OpenSSL calls so: `AB:CD:…`.
    case fingerprints([String], digest: String)
    /// What TLSA records say: RFC 7672 §3.1. The names count for those that tell of an authority; the first is that of the records.
    case records([TLSARecord], names: [String])
  }

  /// The name that the server is asked for (SNI).
  package var serverName: String?
  package var proof: Proof
  /// Where sessions are kept, and under which key. All that decides whether a session is good enough must be in the key.
  package var resumption: Resumption?

  package struct Resumption: Sendable {
    package let cache: TLSSessionCache
    package let key: String

    package init(_ cache: TLSSessionCache, key: String) {
      self.cache = cache
      self.key = key
    }
  }

  package init(_ proof: Proof = .anyone, serverName: String? = nil, resumption: Resumption? = nil) {
    self.proof = proof
    self.serverName = serverName
    self.resumption = resumption
  }
}

/// RFC 6698 §2.1.
package struct TLSARecord: Hashable, Sendable {
  package let usage: UInt8
  package let selector: UInt8
  package let matching: UInt8
  package let data: [UInt8]

  package init(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8]) {
    self.usage = usage
    self.selector = selector
    self.matching = matching
    self.data = data
  }
}

/// Why a server's certificate is not what was expected.
package enum TLSDoubt: Equatable, Sendable {
  case absent
  case expired(String)
  /// Not signed by whom we trust, or not what the records say.
  case untrusted(String)
  case wrongName
  case unknownFingerprint

  package var text: String {
    switch self {
    case .absent: "no certificate"
    case .expired(let reason), .untrusted(let reason): reason
    case .wrongName: "the certificate is for another name"
    case .unknownFingerprint: "the fingerprint is not listed"
    }
  }
}
