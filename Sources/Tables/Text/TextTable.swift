// SPDX-License-Identifier: Apache-2.0

/// Keys with a value each, packed: all text in one array, found through open addressing. An entry costs its own bytes and about eight more.
///
/// Keys are folded (ASCII letters in lower case) when they are put in; they must be folded when they are looked up. Neither keys nor values may
/// hold NUL or a line feed.
struct TextTable: Sendable {
  /// Offsets into the text are 32 bits wide, and 0 means an empty slot.
  static let maximumLength = Int(UInt32.max)

  private(set) var count = 0
  /// After a first unused byte, each entry is its key, 0, its value, and a line feed.
  private var text: [UInt8] = [0]
  private var slots: [UInt32] = []

  init() {}

  mutating func reserve(bytes: Int, entries: Int) {
    text.reserveCapacity(bytes + 1)
    grow(to: entries)
  }

  /// False, and nothing changed, if the key is there already or there is no room.
  mutating func insert(key: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool {
    if (count + 1) * 4 > slots.count * 3 { grow(to: max(8, count * 2)) }
    let begin = text.count
    guard begin + key.count + value.count + 2 < Self.maximumLength else { return false }
    appendFolded(key)
    let slot = slot(ofKeyAt: begin, count: key.count)
    guard slots[slot] == 0 else {
      text.removeLast(key.count)
      return false
    }
    slots[slot] = UInt32(truncatingIfNeeded: begin)
    text.append(0)
    text.append(contentsOf: value)
    text.append(UInt8(ascii: "\n"))
    count += 1
    return true
  }

  mutating func insert(key: [UInt8], value: [UInt8]) -> Bool {
    key.withUnsafeBufferPointer { key in value.withUnsafeBufferPointer { insert(key: key, value: $0) } }
  }

  /// The key must be folded.
  func value(for key: [UInt8]) -> String? {
    guard count > 0, let begin = key.withUnsafeBufferPointer({ entry($0) }) else { return nil }
    return text.withUnsafeBufferPointer { text in
      let value = text[(begin + key.count + 1)...]
      return String(decoding: value[..<(value.firstIndex(of: UInt8(ascii: "\n")) ?? value.endIndex)], as: UTF8.self)
    }
  }

  /// All entries, in the order in which they came; the keys are folded.
  var entries: [(key: String, value: String)] {
    text.dropFirst().split(separator: UInt8(ascii: "\n")).map { entry in
      let end = entry.firstIndex(of: 0) ?? entry.endIndex
      return (String(decoding: entry[..<end], as: UTF8.self), String(decoding: entry[end...].dropFirst(), as: UTF8.self))
    }
  }

  /// The first entry whose value ends in another byte than this one.
  func firstEntry(notEndingIn last: UInt8) -> (key: String, value: String)? {
    var begin = 1
    while begin < text.count {
      let end = text[begin...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      if text[end - 1] != last {
        let parts = text[begin..<end].split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        return (parts.first ?? "", parts.last ?? "")
      }
      begin = end + 1
    }
    return nil
  }

  private mutating func appendFolded(_ key: UnsafeBufferPointer<UInt8>) {
    let begin = text.count
    text.append(contentsOf: key)
    text.withUnsafeMutableBufferPointer { text in
      for offset in begin..<text.count where (0x41...0x5a).contains(text[offset]) { text[offset] |= 0x20 }
    }
  }

  /// The offset of the entry that has the key.
  private func entry(_ key: UnsafeBufferPointer<UInt8>) -> Int? {
    text.withUnsafeBufferPointer { text in
      let offset = slots[Self.find(key, text, slots)]
      return offset == 0 ? nil : Int(offset)
    }
  }

  private func slot(ofKeyAt begin: Int, count: Int) -> Int {
    text.withUnsafeBufferPointer { text in Self.find(UnsafeBufferPointer(rebasing: text[begin..<(begin + count)]), text, slots) }
  }

  /// The slot that holds the key, or the empty one where it belongs. There always is an empty one.
  private static func find(_ key: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>, _ slots: [UInt32]) -> Int {
    let mask = slots.count - 1
    var slot = hash(key) & mask
    while slots[slot] != 0, !holds(key, text, at: Int(slots[slot])) { slot = (slot + 1) & mask }
    return slot
  }

  private static func holds(_ key: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    guard offset + key.count < text.count, text[offset + key.count] == 0 else { return false }
    for index in key.indices where key[index] != text[offset + index] { return false }
    return true
  }

  private mutating func grow(to entries: Int) {
    var size = 16
    while size * 3 < (entries + 1) * 4 { size *= 2 }
    guard size > slots.count else { return }
    slots = Array(repeating: 0, count: size)
    var offset = 1
    while offset < text.count {
      let end = text[offset...].firstIndex(of: 0) ?? text.count
      slots[slot(ofKeyAt: offset, count: end - offset)] = UInt32(truncatingIfNeeded: offset)
      offset = (text[end...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count) + 1
    }
  }

  /// FNV-1a, its high half folded in. Only who writes the table chooses its keys, so it need not resist an attacker.
  private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7fff_ffff_ffff_ffff)
  }
}
