// SPDX-License-Identifier: Apache-2.0

/// Keys with a value each, packed: all text in one array, found through open addressing. An entry costs its own bytes and about eight more.
struct TextTable: Sendable {
  /// Offsets into the text are 32 bits wide, and 0 means an empty slot.
  static let maximumLength = Int(UInt32.max)

  private(set) var count = 0
  /// After a first unused byte, each entry is its folded key, 0, its value, and a line feed.
  private var text: [UInt8] = [0]
  private var slots: [UInt32] = []

  init() {}

  mutating func reserve(bytes: Int, entries: Int) {
    text.reserveCapacity(bytes + 1)
    grow(to: entries)
  }

  /// False, and nothing changed, if the key is there already or there is no room.
  mutating func insert(key: [UInt8], value: [UInt8]) -> Bool {
    if (count + 1) * 4 > slots.count * 3 { grow(to: max(8, count * 2)) }
    guard text.count + key.count + value.count + 2 < Self.maximumLength else { return false }
    let slot = key.withUnsafeBufferPointer { self.slot(of: $0) }
    guard slots[slot] == 0 else { return false }
    slots[slot] = UInt32(truncatingIfNeeded: text.count)
    text += key
    text.append(0)
    text += value
    text.append(UInt8(ascii: "\n"))
    count += 1
    return true
  }

  /// The key must be folded, and hold neither NUL nor line feed.
  func value(for key: [UInt8]) -> String? {
    guard count > 0 else { return nil }
    let slot = key.withUnsafeBufferPointer { self.slot(of: $0) }
    guard slots[slot] != 0 else { return nil }
    let begin = Int(slots[slot]) + key.count + 1
    let end = text[begin...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    return String(decoding: text[begin..<end], as: UTF8.self)
  }

  /// All entries, in the order in which they came; the keys are folded.
  var entries: [(key: String, value: String)] {
    text.dropFirst().split(separator: UInt8(ascii: "\n")).map { entry in
      let end = entry.firstIndex(of: 0) ?? entry.endIndex
      return (String(decoding: entry[..<end], as: UTF8.self), String(decoding: entry[end...].dropFirst(), as: UTF8.self))
    }
  }

  /// The slot that holds the key, or the empty one where it belongs. There always is an empty one.
  private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Self.hash(key) & mask
    while slots[slot] != 0, !holds(key, at: Int(slots[slot])) { slot = (slot + 1) & mask }
    return slot
  }

  private func holds(_ key: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    guard offset + key.count < text.count, text[offset + key.count] == 0 else { return false }
    return text[offset..<(offset + key.count)].elementsEqual(key)
  }

  private mutating func grow(to entries: Int) {
    var size = 16
    while size * 3 < (entries + 1) * 4 { size *= 2 }
    guard size > slots.count else { return }
    slots = Array(repeating: 0, count: size)
    var offset = 1
    while offset < text.count {
      insertSlot(at: offset, mask: size - 1)
      offset = (text[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count) + 1
    }
  }

  private mutating func insertSlot(at offset: Int, mask: Int) {
    let end = text[offset...].firstIndex(of: 0) ?? text.count
    var slot = text[offset..<end].withUnsafeBufferPointer { Self.hash($0) } & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(truncatingIfNeeded: offset)
  }

  /// FNV-1a, its high half folded in. Only who writes the table chooses its keys, so it need not resist an attacker.
  private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7fff_ffff_ffff_ffff)
  }
}
