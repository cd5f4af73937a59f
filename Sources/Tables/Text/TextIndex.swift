// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Where the keys of a text are: open addressing over the offsets of their lines. It is plain memory, so that processes can share it.
struct TextIndex: Sendable {
  /// Longer texts cannot be indexed.
  static let maximumLength = 1 << 30
  /// The number of entries and the length of the text, 8 bytes each, before the slots.
  fileprivate static let headerLength = 16

  private let contents: FileContents
  let count: Int
  private let offsetBits: Int

  /// Nil unless it is an index that was made of a text of this length.
  init?(_ contents: FileContents, textLength: Int) {
    guard contents.count >= Self.headerLength + 4 else { return nil }
    let header = contents.withBytes { ($0.loadUnaligned(as: Int.self), $0.loadUnaligned(fromByteOffset: 8, as: Int.self)) }
    guard header.1 == textLength, header.0 >= 0, header.0 < (contents.count - Self.headerLength) / 4 else { return nil }
    self.contents = contents
    count = header.0
    offsetBits = TextSlots.offsetBits(textLength)
  }

  /// An index with room for `capacity` keys, filled by `body` through `TextSlots.insert`.
  init(capacity: Int, textLength: Int, fill body: (inout TextSlots) -> Void) {
    let slotCount = max(4, capacity + capacity / 4 + 1)
    let length = Self.headerLength + 4 * slotCount
    var slots = TextSlots(UnsafeBufferPointer(start: nil, count: 0), offsetBits: TextSlots.offsetBits(textLength))
    contents = FileContents(capacity: length) { room in
      room.initializeMemory(as: UInt8.self, repeating: 0)
      let words = UnsafeMutableRawBufferPointer(rebasing: room[Self.headerLength..<length]).bindMemory(to: UInt32.self)
      slots = TextSlots(filling: words, offsetBits: TextSlots.offsetBits(textLength))
      body(&slots)
      room.storeBytes(of: slots.count, as: Int.self)
      room.storeBytes(of: textLength, toByteOffset: 8, as: Int.self)
      return length
    }
    count = slots.count
    offsetBits = TextSlots.offsetBits(textLength)
  }

  /// The same, in memory that other processes see too, if the source of the file has such.
  func kept(by files: any FileSource, of path: String) -> TextIndex {
    let length = contents.withBytes { $0.loadUnaligned(fromByteOffset: 8, as: Int.self) }
    return files.keep(index: contents, of: path).flatMap { TextIndex($0, textLength: length) } ?? self
  }

  @inline(__always)
  func withSlots<Result>(_ body: (TextSlots) -> Result) -> Result {
    contents.withBytes { bytes in
      body(TextSlots(UnsafeRawBufferPointer(rebasing: bytes[Self.headerLength...]).bindMemory(to: UInt32.self), offsetBits: offsetBits))
    }
  }
}

/// The slots of an index, while somebody looks at them.
///
/// Each has, from the low bits up, the offset of an entry's line plus one (0: an empty slot), a bit for an entry of several lines, and as many bits of the
/// key's hash as there is room for, so that few others' keys need to be looked at.
struct TextSlots {
  typealias Bytes = UnsafeRawBufferPointer

  struct Place {
    let begin: Int
    let isContinued: Bool
  }

  private(set) var count = 0
  private let slots: UnsafeBufferPointer<UInt32>
  private let filled: UnsafeMutableBufferPointer<UInt32>?
  private let offsetBits: UInt32

  static func offsetBits(_ length: Int) -> Int { Int.bitWidth - min(max(length, 1), TextIndex.maximumLength).leadingZeroBitCount }

  fileprivate init(_ slots: UnsafeBufferPointer<UInt32>, offsetBits: Int) {
    self.slots = slots
    self.offsetBits = UInt32(truncatingIfNeeded: offsetBits)
    filled = nil
  }

  fileprivate init(filling slots: UnsafeMutableBufferPointer<UInt32>, offsetBits: Int) {
    self.slots = UnsafeBufferPointer(slots)
    self.offsetBits = UInt32(truncatingIfNeeded: offsetBits)
    filled = slots
  }

  subscript(index: Int) -> UInt32 { slots[index] }

  func place(_ slot: UInt32) -> Place {
    Place(begin: Int(slot & (1 << offsetBits - 1)) - 1, isContinued: slot >> offsetBits & 1 == 1)
  }

  /// Of all entries, in no order.
  var places: [Place] { slots.filter { $0 != 0 }.map(place) }

  /// The key of the line at `offset`. False, and nothing changed, if the key is there already or there is no room.
  mutating func insert(_ text: Bytes, key: Range<Int>, line offset: Int, isContinued: Bool, _ form: TextTable.Form) -> Bool {
    guard let filled, count + 1 < slots.count, offset < TextIndex.maximumLength else { return false }
    let key = Bytes(rebasing: text[key])
    let hash = FoldedKey.hash(key)
    let index = find(key, hash, text, form)
    guard slots[index] == 0 else { return false }
    filled[index] = tag(hash) | (isContinued ? 1 : 0) << offsetBits | UInt32(truncatingIfNeeded: offset + 1)
    count += 1
    return true
  }

  private func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) << (offsetBits + 1) }

  /// The slot that holds the key, or the empty one where it belongs. There always is an empty one.
  func find(_ key: Bytes, _ hash: UInt64, _ text: Bytes, _ form: TextTable.Form) -> Int {
    let tagMask = ~0 << (offsetBits + 1) as UInt32
    let tag = tag(hash)
    var index = Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: slots.count)).high)
    while slots[index] != 0 {
      if slots[index] & tagMask == tag,
        form.holds(key, text, at: place(slots[index]).begin) || form.holdsFolded(key, text, at: place(slots[index]).begin)
      {
        break
      }
      index = index + 1 == slots.count ? 0 : index + 1
    }
    return index
  }
}
