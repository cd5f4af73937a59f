// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Pipeline

extension NameService {
  /// As weir.h describes: key = preference or "", value = the data of the record as text.
  func answer(_ name: String, type: UInt32) async -> StageRequest.Answer {
    guard let type = UInt16(exactly: type).flatMap(RecordType.init(rawValue:)), let query = NameQuery(name, type) else {
      return .failed(Status.unsupported)
    }
    switch await fullAnswer(query, within: nil) {
    case .success(let answer):
      return .items(answer.records.map(\.item), isSecure: answer.isSecure, ttl: UInt32(clamping: answer.timeToLive ?? 0))
    case .failure(.notFound): return .failed(Status.notFound)
    case .failure(.temporary): return .failed(Status.temporary)
    case .failure(.unsupported): return .failed(Status.unsupported)
    }
  }
}

extension NameQuery {
  fileprivate init?(_ name: String, _ type: RecordType) {
    switch type {
    case .a: self = .a(name)
    case .aaaa: self = .aaaa(name)
    case .mx: self = .mx(name)
    case .txt: self = .txt(name)
    case .ns: self = .ns(name)
    case .soa: self = .soa(name)
    case .tlsa: self = .tlsa(name)
    case .ptr:
      guard let address = IPAddress(reverseName: name) else { return nil }
      self = .ptr(address)
    }
  }
}

extension NameRecord {
  fileprivate var item: (key: String, value: [UInt8]) {
    switch self {
    case .address(let address): ("", Array("\(address)".utf8))
    case .exchanger(let preference, let host): ("\(preference)", Array(host.utf8))
    case .pointer(let name), .server(let name): ("", Array(name.utf8))
    case .text(let bytes): ("", bytes)
    case .authority(let server, let contact, let serial): ("", Array("\(server) \(contact) \(serial)".utf8))
    case .certificate(let usage, let selector, let matching, let data): ("", Array("\(usage) \(selector) \(matching) \(data.hexadecimal)".utf8))
    }
  }
}

extension [UInt8] {
  fileprivate var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
