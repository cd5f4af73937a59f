// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc
import Names

/// The system's name service: /etc/hosts and DNS as nsswitch.conf says. Addresses and names of hosts only.
///
/// Its calls block, for seconds when no server answers, so they run on a pool; when that is full the answer is a temporary failure.
package struct SystemNames: NameService {
  private let pool: BlockingPool

  package init(pool: BlockingPool) { self.pool = pool }

  package func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> {
    let answer: Result<[NameRecord], NameFailure>? =
      switch query {
      case .a(let name): await pool.run { Self.addresses(of: name, AF_INET) }
      case .aaaa(let name): await pool.run { Self.addresses(of: name, AF_INET6) }
      case .ptr(let address): await pool.run { Self.name(of: address) }
      case .mx, .txt, .ns: .failure(.unsupported)
      }
    return answer ?? .failure(.temporary("too many questions at once"))
  }

  /// All addresses of a host, for a command that may wait.
  package static func addresses(of name: String) -> [IPAddress] {
    guard case .success(let records) = addresses(of: name, AF_UNSPEC) else { return [] }
    return records.compactMap { if case .address(let address) = $0 { address } else { nil } }
  }

  private static func addresses(of name: String, _ family: Int32) -> Result<[NameRecord], NameFailure> {
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    guard code == 0 else { return .failure(failure(code)) }
    defer { freeaddrinfo(list) }
    let records = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0 }.compactMap { IPAddress($0.pointee.ai_addr) }
    return records.isEmpty ? .failure(.notFound) : .success(records.map(NameRecord.address))
  }

  private static func name(of address: IPAddress) -> Result<[NameRecord], NameFailure> {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { name in
      let code = address.withSocketAddress { getnameinfo($0, $1, name.baseAddress, socklen_t(name.count), nil, 0, NI_NAMEREQD) }
      guard code == 0, let start = name.baseAddress else { return .failure(failure(code)) }
      return .success([.pointer(String(cString: start))])
    }
  }

  private static func failure(_ code: Int32) -> NameFailure {
    switch code {
    case EAI_AGAIN, EAI_MEMORY, EAI_SYSTEM: .temporary(String(cString: gai_strerror(code)))
    default: .notFound
    }
  }
}

extension IPAddress {
  fileprivate init?(_ address: UnsafePointer<sockaddr>?) {
    guard let address else { return nil }
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET: self.init(v4: UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6:
      let words = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { bytes in
        (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      }
      self.init(v6: UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
    default: return nil
    }
  }

  fileprivate func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch family {
    case .v4:
      var raw = sockaddr_in()
      raw.sin_family = sa_family_t(AF_INET)
      raw.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
      return Self.rebind(&raw, body)
    case .v6:
      var raw = sockaddr_in6()
      raw.sin6_family = sa_family_t(AF_INET6)
      withUnsafeMutableBytes(of: &raw.sin6_addr) { bytes in
        bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      return Self.rebind(&raw, body)
    }
  }

  private static func rebind<Raw, Result>(_ raw: inout Raw, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: &raw) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Raw>.size)) }
    }
  }
}
