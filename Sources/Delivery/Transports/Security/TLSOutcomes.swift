// SPDX-License-Identifier: Apache-2.0
import Runtime

/// How TLS went with each domain, counted by day and kept on disk: what a report of RFC 8460 is made from, and `weir tls-outcomes` shows.
package final class TLSOutcomes: Sendable {
  private let path: String
  private let days: Int
  private let clock: @Sendable () -> Int64
  /// What has been counted since it was last written.
  private let news = Monitor(OutcomeLedger())

  /// `clock` tells microseconds since 1970.
  package init(path: String, days: Int, clock: @escaping @Sendable () -> Int64) {
    self.path = path
    self.days = days
    self.clock = clock
  }

  package func note(_ outcome: TLSOutcome, _ target: SecurityTarget, _ policy: OutcomePolicy) {
    let key = OutcomeLedger.Key(
      day: Int(clock() / 86_400_000_000), domain: target.domain.lowercased(), policy: policy, outcome: outcome, host: target.host)
    news.withLock { $0.add(key, 1) }
  }

  /// Adds what was counted to the file. Other generations do the same, so one at a time. Blocks on the disk; answers with what went wrong.
  package func keep() -> String? {
    let counted = news.withLock { ledger in
      let counted = ledger
      ledger = OutcomeLedger()
      return counted
    }
    guard !counted.isEmpty else { return nil }
    let failure = KeptFile.update(path) { [days, clock] text in
      var ledger = OutcomeLedger(text)
      ledger.add(counted)
      ledger.prune(before: Int(clock() / 86_400_000_000) - days)
      return ledger.text
    }
    if failure != nil { news.withLock { $0.add(counted) } }
    return failure
  }
}
