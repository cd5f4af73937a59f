// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime

/// A name service whose answers are remembered for a moment, but never longer than they hold: mail for one place often comes in flocks, and each
/// question is a message to another thread. On one loop.
final class RememberedNames: NameService, @unchecked Sendable {
  private let service: any NameService
  private let now: () -> Instant
  private var known = ExpiringCache<NameQuery, NameAnswer>(capacity: 4096)

  private static let longest = 10
  /// Of a file's answer, which says nothing of the time for which it holds.
  private static let lifetimeUntold = 1

  init(_ service: any NameService, now: @escaping () -> Instant) {
    self.service = service
    self.now = now
  }

  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    await findings(query, within: limit).withRecords
  }

  func findings(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
    if let answer = known.value(for: query, now: now()) { return .success(answer) }
    let result = await service.findings(query, within: limit)
    if case .success(let answer) = result, case let seconds = answer.timeToLive ?? Self.lifetimeUntold, seconds > 0 {
      known.set(answer, for: query, until: now() + .seconds(min(seconds, Self.longest)))
    }
    return result
  }
}
