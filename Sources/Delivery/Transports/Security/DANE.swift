// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime

/// What the TLSA records of a host come to: RFC 7672 §2.2.
package enum DANEFinding: Equatable, Sendable {
  /// Records that can be used, under the name that had them.
  case records([TLSARecord], base: String)
  case absent
  case unusable
  case failed
}

/// Looks for TLSA records. All that counts is proved by DNSSEC.
package struct DANELookup: Sendable {
  private let names: any NameService
  private let asksUnprovedHosts: Bool

  package init(_ names: any NameService, asksUnprovedHosts: Bool) {
    self.names = names
    self.asksUnprovedHosts = asksUnprovedHosts
  }

  package func find(host: String, port: UInt16) async -> DANEFinding {
    let host = host.last == "." ? String(host.dropLast()) : host
    guard let address = await address(host) else { return .failed }
    guard address.isSecure || asksUnprovedHosts else { return .absent }
    // RFC 7672 §2.1.3: where an alias is proved to its end, the records of its end come first.
    if address.isSecure, let end = address.canonicalName, end.lowercased() != host.lowercased() {
      let finding = await records(end, port)
      if finding != .absent { return finding }
    }
    return await records(host, port)
  }

  /// The answer for one family of addresses that the host has; nil if that cannot be known.
  private func address(_ host: String) async -> NameAnswer? {
    for query in [NameQuery.a(host), .aaaa(host)] {
      guard case .success(let answer) = await names.findings(query, within: nil) else { return nil }
      if !answer.records.isEmpty { return answer }
    }
    return NameAnswer([])
  }

  private func records(_ base: String, _ port: UInt16) async -> DANEFinding {
    switch await names.findings(.tlsa("_\(port)._tcp.\(base)"), within: nil) {
    case .failure: return .failed
    case .success(let answer) where answer.records.isEmpty || !answer.isSecure: return .absent
    case .success(let answer):
      let usable = answer.records.compactMap(TLSARecord.init)
      return usable.isEmpty ? .unusable : .records(usable, base: base)
    }
  }
}

extension TLSARecord {
  /// RFC 7672 §3.1: for mail only DANE-TA(2) and DANE-EE(3) can be used; nil for others, and for what no certificate can match.
  init?(_ record: NameRecord) {
    guard case .certificate(let usage, let selector, let matching, let data) = record else { return nil }
    guard usage == 2 || usage == 3, selector <= 1, !data.isEmpty else { return nil }
    let size = [1: 32, 2: 64][matching] ?? data.count
    guard matching <= 2, data.count == size else { return nil }
    self.init(usage: usage, selector: selector, matching: matching, data: data)
  }
}
