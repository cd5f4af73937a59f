// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A question to the Domain Name System, by the record type that answers it.
package enum NameQuery: Hashable, Sendable {
  case a(String)
  case aaaa(String)
  case mx(String)
  case ptr(IPAddress)
  case txt(String)
  case ns(String)
  case soa(String)
  case tlsa(String)
}

/// One record of an answer.
package enum NameRecord: Hashable, Sendable {
  case address(IPAddress)
  case exchanger(preference: UInt16, host: String)
  case pointer(String)
  /// An NS record.
  case server(String)
  /// The strings of one TXT record, joined.
  case text([UInt8])
  /// An SOA record.
  case authority(server: String, contact: String, serial: UInt32)
  /// RFC 6698 §2.1.
  case certificate(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8])
}

/// Records in the order in which they came; at least one, except in what `findings` answers.
package struct NameAnswer: Equatable, Sendable {
  package var records: [NameRecord]
  /// Whether DNSSEC proved them.
  package var isSecure = false
  /// How long they hold, in seconds; nil where that is not known.
  package var timeToLive: Int?
  /// The name at the end of aliases, where the one asked for is one and that is known.
  package var canonicalName: String?

  package init(_ records: [NameRecord], isSecure: Bool = false, timeToLive: Int? = nil, canonicalName: String? = nil) {
    self.records = records
    self.isSecure = isSecure
    self.timeToLive = timeToLive
    self.canonicalName = canonicalName
  }
}

/// Why there is no answer.
package enum NameFailure: Error, Equatable, Sendable {
  /// No such name, or no record of this type.
  case notFound
  /// Ask again later: a server that fails or does not answer, or too many questions at once.
  case temporary(String)
  /// This service cannot ask for such records.
  case unsupported
}

/// What asks the Domain Name System. An answer has at least one record, in the order in which they came.
package protocol NameService: Sendable {
  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure>
  /// The same with what else is known of the answer. Whoever can do without one says how long it waits for each server: `limit`.
  func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure>
  /// As `fullAnswer`, but that there is no record is an answer too: one without records, that may be proved, and holds for a time.
  func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure>
}

extension NameService {
  package func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await answer(query).map { NameAnswer($0) }
  }

  package func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    let result = await fullAnswer(query, within: limit)
    if case .failure(.notFound) = result { return .success(NameAnswer([])) }
    return result
  }
}

extension NameFailure {
  /// There were records, and none of them is to count.
  package static let filtered = NameFailure.temporary("DNS reply filter drops all results")
}

extension Result<NameAnswer, NameFailure> {
  /// What `findings` answered, as `fullAnswer` says it.
  package var withRecords: Self {
    if case .success(let answer) = self, answer.records.isEmpty { return .failure(.notFound) }
    return self
  }
}

/// Whether `text` has the form of a host name: RFC 1123 §2.1 labels, with the underscore that some hosts have; RFC 1035 §2.3.4 sizes.
package func isHostName(_ text: String) -> Bool {
  text.utf8.count <= 253
    && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.allSatisfy(isLabelByte)
    }
}

private func isLabelByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
  case UInt8(ascii: "-"), UInt8(ascii: "_"): true
  default: false
  }
}
