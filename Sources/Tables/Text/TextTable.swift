// SPDX-License-Identifier: Apache-2.0
import CBytes
import Diagnostics

/// Keys with a value each, found through open addressing in the text they were written in: an entry costs five bytes besides its own.
///
/// Keys are compared without regard to the case of ASCII letters.
struct TextTable: Sendable {
  typealias Bytes = UnsafeRawBufferPointer

  /// How the text is written.
  enum Form: Sendable {
    /// `key value` on a line, `"key with blanks" value`, continued by lines that start with white space.
    case lines
    /// The key, NUL, the value, and a line feed.
    case packed
  }

  /// One entry, where it stands in the text.
  struct Entry {
    let key: Range<Int>
    /// What follows the key.
    let rest: Int
    var value: Range<Int>
    /// The text that the value is in, if it is not the table's: an entry of several lines, put together.
    var joined: [UInt8]?
  }

  private(set) var count = 0
  private let contents: FileContents
  private let form: Form
  /// Each has, from the low bits up, the offset of an entry's line plus one (0: an empty slot), a bit for an entry of several lines, and as many
  /// bits of the key's hash as there is room for, so that few others' keys need to be looked at.
  private var slots: [UInt32]
  private let offsetBits: Int

  /// Longer texts cannot be indexed.
  static let maximumLength = 1 << 30

  init(_ contents: FileContents, _ form: Form, capacity: Int) {
    self.contents = contents
    self.form = form
    offsetBits = Int.bitWidth - min(contents.count, Self.maximumLength).leadingZeroBitCount
    slots = Array(repeating: 0, count: max(4, capacity + capacity / 4 + 1))
  }

  /// The key of the line at `offset`. False, and nothing changed, if the key is there already or there is no room.
  mutating func insert(_ text: Bytes, key: Range<Int>, line offset: Int, isContinued: Bool) -> Bool {
    guard count + 1 < slots.count, offset < Self.maximumLength else { return false }
    let key = Bytes(rebasing: text[key])
    let hash = FoldedKey.hash(key)
    let slot = find(key, hash, text)
    guard slots[slot] == 0 else { return false }
    slots[slot] = tag(hash) | UInt32(isContinued ? 1 : 0) << UInt32(offsetBits) | UInt32(truncatingIfNeeded: offset + 1)
    count += 1
    return true
  }

  func value(for key: Bytes) -> String? {
    contents.withBytes { text in
      let slot = slots[find(key, FoldedKey.hash(key), text)]
      return slot == 0 ? nil : valueText(text, entry(text, slot))
    }
  }

  func value(for key: String) -> String? {
    var key = key
    return key.withUTF8 { value(for: Bytes($0)) }
  }

  private func valueText(_ text: Bytes, _ entry: Entry) -> String {
    guard let joined = entry.joined else { return String(decoding: text[entry.value], as: UTF8.self) }
    return String(decoding: joined[entry.value], as: UTF8.self)
  }

  @inline(__always)
  private func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash) << UInt32(offsetBits + 1)
  }

  /// The slot that holds the key, or the empty one where it belongs. There always is an empty one.
  private func find(_ key: Bytes, _ hash: UInt64, _ text: Bytes) -> Int {
    let tagMask = ~0 << UInt32(offsetBits + 1) as UInt32
    let tag = tag(hash)
    return slots.withUnsafeBufferPointer { slots in
      var slot = Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: slots.count)).high)
      while slots[slot] != 0 {
        if slots[slot] & tagMask == tag, holds(key, text, slots[slot]) { break }
        slot = slot + 1 == slots.count ? 0 : slot + 1
      }
      return slot
    }
  }

  private func offset(_ slot: UInt32) -> Int { Int(slot & (1 << UInt32(offsetBits) - 1)) - 1 }

  /// Whether the entry has this key.
  private func holds(_ key: Bytes, _ text: Bytes, _ slot: UInt32) -> Bool {
    let begin = offset(slot)
    let end = begin + key.count
    switch form {
    case .packed: return end < text.count && text[end] == 0 && FoldedKey.areEqual(key, Bytes(rebasing: text[begin..<end]))
    case .lines:
      if text[begin] == UInt8(ascii: "\"") { return FoldedKey.areEqual(key, Bytes(rebasing: text[entry(text, slot).key])) }
      guard end < text.count, text[end].isBlankByte, FoldedKey.areEqual(key, Bytes(rebasing: text[begin..<end])) else { return false }
      // A key with blanks stands in quotes, so here it is more than a key.
      return !key.contains(where: \.isBlankByte)
    }
  }

  private func entry(_ text: Bytes, _ slot: UInt32) -> Entry {
    let begin = offset(slot)
    let isContinued = slot >> UInt32(offsetBits) & 1 == 1
    return read(text, begin..<LogicalLines.endOfLine(text, from: begin), isContinued: isContinued)
  }

  private func read(_ text: Bytes, _ line: Range<Int>, isContinued: Bool) -> Entry {
    switch form {
    case .packed:
      let separator = text[line].firstIndex(of: 0) ?? line.upperBound
      return Entry(key: line.lowerBound..<separator, rest: separator, value: min(separator + 1, line.upperBound)..<line.upperBound)
    case .lines:
      var entry = Self.split(text, line)
      if isContinued {
        let joined = LogicalLines.joined(text, from: line.lowerBound)
        entry.value = joined.withUnsafeBytes { Self.trimmed($0, (entry.rest - line.lowerBound)..<$0.count) }
        entry.joined = joined
      }
      return entry
    }
  }

  /// A key with blanks stands in double quotes.
  static func split(_ text: Bytes, _ line: Range<Int>) -> Entry {
    if line.count > 1, text[line.lowerBound] == UInt8(ascii: "\""),
      let quote = text[(line.lowerBound + 1)..<line.upperBound].firstIndex(of: UInt8(ascii: "\""))
    {
      let closesKey = quote + 1 == line.upperBound || text[quote + 1].isBlankByte
      if closesKey { return Entry(key: (line.lowerBound + 1)..<quote, rest: quote + 1, value: trimmed(text, (quote + 1)..<line.upperBound)) }
    }
    var end = line.lowerBound
    while end < line.upperBound, !text[end].isBlankByte { end += 1 }
    return Entry(key: line.lowerBound..<end, rest: end, value: trimmed(text, end..<line.upperBound))
  }

  private static func trimmed(_ text: Bytes, _ range: Range<Int>) -> Range<Int> {
    var (begin, end) = (range.lowerBound, range.upperBound)
    while begin < end, text[begin].isBlankByte { begin += 1 }
    while end > begin, text[end - 1].isBlankByte { end -= 1 }
    return begin..<end
  }
}

extension TextTable {
  /// The offsets of the entries in their order, as slots; those that another entry hides are not among them.
  private var ordered: [UInt32] { slots.filter { $0 != 0 }.sorted { offset($0) < offset($1) } }

  /// All entries, in the order in which they came; the keys are folded.
  var entries: [(key: String, value: String)] {
    contents.withBytes { text in
      ordered.map { slot in
        let entry = entry(text, slot)
        return (String(decoding: Array(text[entry.key]).folded, as: UTF8.self), valueText(text, entry))
      }
    }
  }

  /// The first entry whose value ends in another byte than this one.
  func firstEntry(notEndingIn last: UInt8) -> (key: String, value: String)? {
    contents.withBytes { text in
      // Line after line: the slots are in no order, and each would be another page of the text.
      var lines = LogicalLines(text)
      while let line = lines.next() {
        let written = read(text, line.first, isContinued: line.isContinued)
        let value = written.joined.map { $0[written.value].last } ?? text[written.value].last
        guard value != last, isFirst(written, text, line.first.lowerBound) else { continue }
        return (String(decoding: Array(text[written.key]).folded, as: UTF8.self), valueText(text, written))
      }
      return nil
    }
  }

  /// Whether the entry at this place is the one that its key finds.
  private func isFirst(_ entry: Entry, _ text: Bytes, _ begin: Int) -> Bool {
    let key = Bytes(rebasing: text[entry.key])
    let slot = slots[find(key, FoldedKey.hash(key), text)]
    return slot != 0 && offset(slot) == begin
  }
}
