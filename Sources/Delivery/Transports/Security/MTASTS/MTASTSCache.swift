// SPDX-License-Identifier: Apache-2.0

/// Policies as they were last fetched, by domain; a limited number, of which those that end first go first.
package struct MTASTSCache: Sendable {
  package struct Entry: Equatable, Sendable {
    /// Of the record by which the policy was found.
    package var id: String
    package var policy: MTASTSPolicy
    /// Seconds since 1970.
    package var fetched: Int64

    package init(id: String, policy: MTASTSPolicy, fetched: Int64) {
      self.id = id
      self.policy = policy
      self.fetched = fetched
    }

    package var expiry: Int64 { fetched + Int64(policy.maxAge) }

    /// RFC 8461 §3.3: a policy is fetched again now and then, though its id is the same, so that it does not end.
    package func isDueForRefresh(at now: Int64) -> Bool { now - fetched > min(86_400, Int64(policy.maxAge) / 2) }
  }

  private let limit: Int
  private var entries: [String: Entry] = [:]
  package private(set) var hasChanged = false

  package init(limit: Int) { self.limit = max(1, limit) }

  package var count: Int { entries.count }

  package func entry(_ domain: String, now: Int64) -> Entry? {
    guard let entry = entries[domain], entry.expiry > now else { return nil }
    return entry
  }

  package mutating func set(_ entry: Entry, for domain: String, now: Int64) {
    if entries[domain] == nil, entries.count >= limit { makeRoom(now) }
    entries[domain] = entry
    hasChanged = true
  }

  private mutating func makeRoom(_ now: Int64) {
    entries = entries.filter { $0.value.expiry > now }
    if entries.count >= limit, let first = entries.min(by: { $0.value.expiry < $1.value.expiry }) { entries[first.key] = nil }
  }

  // MARK: On disk

  private static let head = "weir mta-sts 1"

  /// A line for each policy: domain, id, time, age, mode, hosts.
  package mutating func takeText() -> String {
    hasChanged = false
    return
      ([Self.head]
      + entries.sorted { $0.key < $1.key }.map { domain, entry in
        "\(domain) \(entry.id) \(entry.fetched) \(entry.policy.maxAge) \(entry.policy.mode.rawValue) \(entry.policy.hosts.joined(separator: ","))"
      }).joined(separator: "\n") + "\n"
  }

  /// What cannot be read is left out: it is fetched again.
  package mutating func read(_ text: String, now: Int64) {
    let lines = text.split(separator: "\n")
    guard lines.first == Self.head[...] else { return }
    for line in lines.dropFirst() where entries.count < limit {
      let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 6, let fetched = Int64(words[2]), let age = Int(words[3]), let mode = MTASTSPolicy.Mode(rawValue: words[4]),
        (0...MTASTSPolicy.maximumAge).contains(age), fetched >= 0, fetched <= now
      else { continue }
      let policy = MTASTSPolicy(mode: mode, maxAge: age, hosts: words[5].split(separator: ",").map(String.init))
      let entry = Entry(id: words[1], policy: policy, fetched: fetched)
      if entry.expiry > now { entries[words[0]] = entry }
    }
  }
}
