// SPDX-License-Identifier: Apache-2.0
import Names
import Settings
import Tables

/// `smtp_dns_reply_filter` and its like: records that are left out of every answer.
struct FilteredNames: NameService {
  private let service: any NameService
  private let filter: TableList

  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await findings(query, within: limit).withRecords
  }

  func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await service.findings(query, within: limit).flatMap { filtered($0, query) }
  }

  private func filtered(_ answer: NameAnswer, _ query: NameQuery) -> Result<NameAnswer, NameFailure> {
    guard let name = answer.canonicalName ?? query.name, !answer.records.isEmpty else { return .success(answer) }
    var rest = answer
    rest.records.removeAll { filter.value(for: $0.text(name: name, timeToLive: answer.timeToLive ?? 0))?.uppercased() == "IGNORE" }
    if filter.isFailing { return .failure(.temporary("the filter of DNS replies gives no answer")) }
    return rest.records.isEmpty ? .failure(.filtered) : .success(rest)
  }

  static func of(_ service: any NameService, _ filter: TableList) -> any NameService {
    filter.isEmpty ? service : FilteredNames(service: service, filter: filter)
  }
}
