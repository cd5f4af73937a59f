// SPDX-License-Identifier: Apache-2.0

/// A bounded table whose entries end at a time of their own; when it is full the one longest unused goes.
package struct ExpiringCache<Key: Hashable, Value> {
  private struct Entry {
    var key: Key
    var value: Value
    var expiry: Instant
    /// Neighbours in the order of use; `none` at the ends.
    var newer: Int
    var older: Int
  }

  private static var none: Int { -1 }

  private let capacity: Int
  private var indexes: [Key: Int] = [:]
  private var entries: [Entry] = []
  private var newest = none
  private var oldest = none

  package init(capacity: Int) { self.capacity = max(1, capacity) }

  package var count: Int { entries.count }

  /// The value for `key`, which counts as used, unless it has ended.
  package mutating func value(for key: Key, now: Instant) -> Value? {
    guard let index = indexes[key], entries[index].expiry > now else { return nil }
    unlink(index)
    link(index)
    return entries[index].value
  }

  package mutating func set(_ value: Value, for key: Key, until expiry: Instant) {
    let index = place(for: key, value, expiry)
    entries[index].value = value
    entries[index].expiry = expiry
    link(index)
  }

  /// All that is held, ended or not, the one longest unused first.
  package var contents: [(key: Key, value: Value)] {
    var found: [(key: Key, value: Value)] = []
    found.reserveCapacity(entries.count)
    var index = oldest
    while index != Self.none {
      found.append((entries[index].key, entries[index].value))
      index = entries[index].newer
    }
    return found
  }

  /// Forgets what has ended, and answers how many that were.
  package mutating func removeEnded(now: Instant) -> Int {
    let ended = entries.filter { $0.expiry <= now }.map(\.key)
    for key in ended { _ = removeValue(for: key, now: now) }
    return ended.count
  }

  /// Takes the value out, unless it has ended.
  package mutating func removeValue(for key: Key, now: Instant) -> Value? {
    guard let index = indexes.removeValue(forKey: key) else { return nil }
    unlink(index)
    let removed = entries[index]
    fill(index)
    return removed.expiry > now ? removed.value : nil
  }

  /// Moves the last entry to the place of one that is unlinked.
  private mutating func fill(_ index: Int) {
    let last = entries.removeLast()
    guard index < entries.count else { return }
    entries[index] = last
    indexes[last.key] = index
    if last.newer == Self.none { newest = index } else { entries[last.newer].older = index }
    if last.older == Self.none { oldest = index } else { entries[last.older].newer = index }
  }

  /// An unlinked entry for `key`: its own, a new one, or the one longest unused.
  private mutating func place(for key: Key, _ value: Value, _ expiry: Instant) -> Int {
    if let index = indexes[key] {
      unlink(index)
      return index
    }
    if entries.count < capacity {
      entries.append(Entry(key: key, value: value, expiry: expiry, newer: Self.none, older: Self.none))
      indexes[key] = entries.count - 1
      return entries.count - 1
    }
    let index = oldest
    unlink(index)
    indexes[entries[index].key] = nil
    entries[index].key = key
    indexes[key] = index
    return index
  }

  private mutating func link(_ index: Int) {
    entries[index].newer = Self.none
    entries[index].older = newest
    if newest == Self.none { oldest = index } else { entries[newest].newer = index }
    newest = index
  }

  private mutating func unlink(_ index: Int) {
    let (newer, older) = (entries[index].newer, entries[index].older)
    if newer == Self.none { newest = older } else { entries[newer].older = older }
    if older == Self.none { oldest = newer } else { entries[older].newer = newer }
  }
}
