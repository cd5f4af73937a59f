// SPDX-License-Identifier: Apache-2.0

/// Counts of outcomes. The text has a line for each: day, domain, policy, outcome, host, count.
package struct OutcomeLedger: Equatable, Sendable {
  package struct Key: Hashable, Sendable {
    /// Since 1970.
    package var day: Int
    package var domain: String
    package var policy: OutcomePolicy
    package var outcome: TLSOutcome
    package var host: String

    package init(day: Int, domain: String, policy: OutcomePolicy, outcome: TLSOutcome, host: String) {
      self.day = day
      self.domain = domain
      self.policy = policy
      self.outcome = outcome
      self.host = host
    }
  }

  /// Beyond this nothing new is counted.
  package static let limit = 50_000
  private static let head = "weir tls-outcomes 1"

  package private(set) var counts: [Key: Int] = [:]

  package init() {}

  /// What cannot be read is left out.
  package init(_ text: String) {
    let lines = text.split(separator: "\n")
    guard lines.first == Self.head[...] else { return }
    for line in lines.dropFirst() {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 6, let day = Int(words[0]), let policy = OutcomePolicy(rawValue: words[2]),
        let outcome = TLSOutcome(rawValue: words[3]), let count = Int(words[5]), count > 0
      else { continue }
      add(Key(day: day, domain: words[1], policy: policy, outcome: outcome, host: words[4]), count)
    }
  }

  package var isEmpty: Bool { counts.isEmpty }

  package mutating func add(_ key: Key, _ count: Int) {
    guard counts[key] != nil || counts.count < Self.limit, !key.domain.isEmpty, !key.host.isEmpty else { return }
    guard !(key.domain + key.host).utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else { return }
    let (sum, isOver) = (counts[key] ?? 0).addingReportingOverflow(count)
    if !isOver { counts[key] = sum }
  }

  package mutating func add(_ other: OutcomeLedger) { for (key, count) in other.counts { add(key, count) } }

  package mutating func prune(before day: Int) { counts = counts.filter { $0.key.day > day } }

  package var sorted: [(key: Key, count: Int)] {
    counts.sorted { left, right in
      let (a, b) = (left.key, right.key)
      return (a.day, a.domain, a.policy.rawValue, a.outcome.rawValue, a.host) < (b.day, b.domain, b.policy.rawValue, b.outcome.rawValue, b.host)
    }.map { ($0.key, $0.value) }
  }

  package var text: String {
    ([Self.head]
      + sorted.map { key, count in
        "\(key.day) \(key.domain) \(key.policy.rawValue) \(key.outcome.rawValue) \(key.host) \(count)"
      }).joined(separator: "\n") + "\n"
  }
}
