// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import Runtime

/// What was found out about addresses, and when: the cache of Postfix's verify(8). Bounded: when it is full, the address longest unused is forgotten.
package struct VerificationCache {
  package struct Rules: Sendable {
    /// Seconds.
    package var positiveExpiry: Int64 = 31 * 86_400
    package var positiveRefresh: Int64 = 7 * 86_400
    package var negativeExpiry: Int64 = 3 * 86_400
    package var negativeRefresh: Int64 = 3 * 3600
    /// `address_verify_negative_cache`; else bad results count for as long as those who have asked may wait for them.
    package var keepsNegatives = true
    package var shortExpiry: Int64 = 6

    package init() {}
  }

  package struct Entry: Equatable, Sendable {
    package var verification: Verification
    /// Seconds since 1970.
    package var updated: Int64

    package init(_ verification: Verification, updated: Int64) {
      self.verification = verification
      self.updated = updated
    }

    var isGood: Bool { verification.status == .deliverable }
  }

  package static let capacity = 100_000
  /// What a server says at length is cut off.
  private static let longestText = 250

  private let rules: Rules
  private var entries: ExpiringCache<String, Entry>
  private var isChanged = false

  package init(_ rules: Rules, capacity: Int = VerificationCache.capacity) {
    self.rules = rules
    entries = ExpiringCache(capacity: capacity)
  }

  package var count: Int { entries.count }

  /// What is known of an address, if anything is, and whether it is time to ask about it.
  package mutating func look(_ address: String, now: Int64) -> (known: Verification?, isDue: Bool) {
    guard let entry = entries.value(for: address, now: Self.instant(now)) else { return (nil, true) }
    let refresh = entry.isGood ? rules.positiveRefresh : rules.negativeRefresh
    return (entry.verification, now - entry.updated >= refresh || now < entry.updated)
  }

  /// Takes over what a probe has found. One that fails does not undo that the address was good: it is asked about again, until what was known expires.
  package mutating func note(_ found: Verification, of address: String, now: Int64) {
    let entry = Entry(found.shortened(to: Self.longestText), updated: now)
    if !entry.isGood, entries.value(for: address, now: Self.instant(now))?.isGood == true { return }
    set(entry, address)
    if isKept(entry) { isChanged = true }
  }

  /// What another process or an earlier one has found out; what is newer counts.
  package mutating func adopt(_ others: [(address: String, entry: Entry)], now: Int64) {
    for (address, entry) in others {
      if let known = entries.value(for: address, now: Self.instant(now)), known.updated >= entry.updated { continue }
      set(entry, address)
    }
  }

  /// What is to be kept, if that has changed since the last call.
  package mutating func takeChanges() -> [(address: String, entry: Entry)]? {
    guard isChanged else { return nil }
    isChanged = false
    return entries.contents.filter { isKept($0.value) }.map { ($0.key, $0.value) }
  }

  package mutating func restoreChanges() { isChanged = true }

  package mutating func cleanUp(now: Int64) -> (retained: Int, dropped: Int) {
    let dropped = entries.removeEnded(now: Self.instant(now))
    if dropped > 0 { isChanged = true }
    return (entries.count, dropped)
  }

  private mutating func set(_ entry: Entry, _ address: String) {
    let life = entry.isGood ? rules.positiveExpiry : rules.keepsNegatives ? rules.negativeExpiry : rules.shortExpiry
    entries.set(entry, for: address, until: Self.instant(entry.updated) + .seconds(life))
  }

  private func isKept(_ entry: Entry) -> Bool { entry.isGood || rules.keepsNegatives }

  /// The clock on the wall, as a clock that a cache can go by.
  private static func instant(_ seconds: Int64) -> Instant { .distantPast + .seconds(max(0, min(seconds, 1 << 40))) }
}

extension Verification {
  fileprivate func shortened(to length: Int) -> Verification {
    text.utf8.count <= length ? self : Verification(status, String(text.prefix(length)))
  }
}

/// The text in which the cache is kept on disk: `address TAB status:seconds:text`, the status a digit as in Postfix's cache.
package enum VerificationList {
  private static let title = "# address verification cache of Weir, form 1"

  package static func text(_ entries: [(address: String, entry: VerificationCache.Entry)]) -> [UInt8] {
    SealedLines.text(title, entries.lazy.map { line($0.address, $0.entry) }, reserving: entries.count * 128)
  }

  package static func read(_ bytes: [UInt8], limit: Int) throws(SealedLines.Damage) -> [(address: String, entry: VerificationCache.Entry)] {
    try SealedLines.read(bytes, title, limit: limit, parse: entry)
  }

  private static func line(_ address: String, _ entry: VerificationCache.Entry) -> String {
    "\(plain(address))\t\(digit(entry.verification.status)):\(entry.updated):\(plain(entry.verification.text))"
  }

  /// Neither a line end nor a tabulator.
  private static func plain(_ text: String) -> String {
    text.utf8.contains { $0 < 0x20 } ? String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self) : text
  }

  private static func digit(_ status: Verification.Status) -> Int {
    switch status {
    case .deliverable: 0
    case .deferred, .pending, .unavailable: 1
    case .undeliverable: 2
    }
  }

  private static func entry(_ line: String) -> (address: String, entry: VerificationCache.Entry)? {
    let halves = line.split(separator: "\t", maxSplits: 1)
    guard halves.count == 2 else { return nil }
    let parts = halves[1].split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let updated = Int64(parts[1]), updated >= 0 else { return nil }
    let status: Verification.Status
    switch parts[0] {
    case "0": status = .deliverable
    case "1": status = .deferred
    case "2": status = .undeliverable
    default: return nil
    }
    return (String(halves[0]), VerificationCache.Entry(Verification(status, String(parts[2])), updated: updated))
  }
}
