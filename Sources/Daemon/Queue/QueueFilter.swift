// SPDX-License-Identifier: Apache-2.0

/// Which messages are meant.
package struct QueueFilter: Equatable, Sendable {
  /// Globs: `*` is any text, `?` any character. Case does not count.
  package var sender: String?
  package var recipient: String?
  /// The domain of a recipient.
  package var destination: String?
  /// `ready`, `active`, `deferred`, `held`, `delivered` or `damaged`.
  package var state: String?
  /// Seconds.
  package var olderThan: Int64?
  package var youngerThan: Int64?

  package static let states = ["ready", "active", "deferred", "held", "delivered", "damaged"]

  package init() {}

  var isEmpty: Bool { self == QueueFilter() }

  func takes(_ entry: QueueEntry, now: Int64) -> Bool {
    let age = (now - entry.arrival) / 1_000_000
    if let state, entry.state != state { return false }
    if let olderThan, age < olderThan { return false }
    if let youngerThan, age > youngerThan { return false }
    if let sender, !Glob(sender).matches(entry.sender.isEmpty ? "<>" : entry.sender) { return false }
    if let recipient, !entry.recipients.contains(where: { Glob(recipient).matches($0.address) }) { return false }
    guard let destination else { return true }
    return entry.recipients.contains { $0.isPending && Glob(destination).matches($0.domain) }
  }
}

/// A pattern with `*` and `?`.
struct Glob {
  private let pattern: [Character]

  init(_ pattern: String) { self.pattern = Array(pattern.lowercased()) }

  /// Goes back to the last `*` only, so that it takes no longer than the product of both lengths.
  func matches(_ text: String) -> Bool {
    let text = Array(text.lowercased())
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        p = last.pattern + 1
        t = last.text + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
