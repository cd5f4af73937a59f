// SPDX-License-Identifier: Apache-2.0
import CBytes

/// Finds which of many texts are in a subject, in one pass that costs about as much for thousands as for one. Case does not count, nor do some signs: a
/// hit says that the text may be there, none says that it is not.
///
/// It looks at four bytes at every `stride`th place. Each text is known by so many of its fours that one of them lies at such a place wherever the text
/// may be; a set of bits says of nearly all others that they are in no text. Where few fours are enough, one for each text, and the processor compares
/// many bytes at once, it looks at every place.
struct LiteralScanner: Sendable {
  private struct Entry {
    let text: Range<Int>
    /// Where in the text the four bytes are.
    let offset: Int
    let number: Int
  }

  /// A reference, because a line is scanned in less time than its parts are retained.
  private final class Group: Sendable {
    let stride: Int
    let shift: UInt32
    let bits: [UInt64]
    /// Where the entries of a hash begin; one more than there are hashes.
    let begins: [UInt32]
    let entries: [Entry]
    /// Of its fours, where they are few.
    let prints: cbytes_prints?

    init(stride: Int, size: UInt32, _ hashed: [(hash: Int, entry: Entry)], prints: cbytes_prints?) {
      self.stride = stride
      self.prints = prints
      shift = 32 - size
      var bits = [UInt64](repeating: 0, count: 1 << Int(size - 6))
      var begins = [UInt32](repeating: 0, count: 1 << Int(size) + 1)
      for (hash, _) in hashed {
        bits[hash >> 6] |= 1 << UInt64(hash & 63)
        begins[hash + 1] += 1
      }
      for index in 1..<begins.count { begins[index] += begins[index - 1] }
      (self.bits, self.begins) = (bits, begins)
      entries = hashed.sorted { $0.hash < $1.hash }.map(\.entry)
    }
  }

  private static let window = 4
  /// Longer texts are looked for in longer strides.
  private static let long = 7
  private static let maximumStride = 8
  /// With more, too many places look like one of them.
  private static let mostPrints = 48
  /// So many bits stay in the fastest cache beside what they are asked about (16 KiB, as a power of two of bits).
  private static let quick = 17 as UInt32

  private var bytes: [UInt8] = []
  private var groups: [Group] = []

  /// `texts` have at least four bytes each; what a hit is told by is their number. `comparesMany`: no is for tests.
  init(_ texts: [(text: [UInt8], number: Int)], comparesMany: Bool = cbytes_has_prints() != 0) {
    let rarest = texts.map { RareFour.offset(in: $0.text) }
    let fours = Set(zip(texts, rarest).map { $0.text[$1..<$1 + Self.window].map { $0 | 0x20 } })
    if comparesMany, fours.count <= Self.mostPrints {
      let prints = Self.prints(of: fours.sorted { $0.lexicographicallyPrecedes($1) })
      groups = [group(texts, stride: 1, prints) { rarest[$0]...rarest[$0] }]
      return
    }
    for isLong in [false, true] {
      let members = texts.filter { ($0.text.count >= Self.long) == isLong }
      guard let shortest = members.map(\.text.count).min() else { continue }
      let stride = max(1, min(Self.maximumStride, shortest - Self.window + 1))
      groups.append(group(members, stride: stride) { _ in 0...stride - 1 })
    }
  }

  /// Such as are alike are in the same group.
  private static func prints(of fours: [[UInt8]]) -> cbytes_prints {
    var prints = cbytes_prints()
    for (index, four) in fours.enumerated() { cbytes_add_print(&prints, four, UInt32(index * 8 / fours.count)) }
    return prints
  }

  /// `offsets`: of the fours that a member is known by.
  private mutating func group(
    _ members: [(text: [UInt8], number: Int)], stride: Int, _ prints: cbytes_prints? = nil, offsets: (Int) -> ClosedRange<Int>
  ) -> Group {
    var size = 10 as UInt32
    while size < Self.quick && 1 << Int(size) < 128 * members.count * stride { size += 1 }
    while size < 21, 1 << Int(size) < 32 * members.count * stride { size += 1 }
    var hashed: [(hash: Int, entry: Entry)] = []
    for (index, (text, number)) in members.enumerated() {
      let place = bytes.count..<bytes.count + text.count
      bytes += text.map { $0 | 0x20 }
      for offset in offsets(index) {
        let hash = bytes.withUnsafeBytes { Self.hash($0, at: place.lowerBound + offset, 32 - size) }
        hashed.append((hash, Entry(text: place, offset: offset, number: number)))
      }
    }
    return Group(stride: stride, size: size, hashed, prints: prints)
  }

  @inline(__always) private static func hash(_ bytes: UnsafeRawBufferPointer, at place: Int, _ shift: UInt32) -> Int {
    guard place >= 0, place <= bytes.count - window, let base = bytes.baseAddress else { return 0 }
    return Int(cbytes_hash_four(base + place, shift))
  }

  /// `found` is told the number of each text that may be there, some more than once; it answers whether to go on.
  @inline(__always) func scan(_ subject: UnsafeRawBufferPointer, _ found: (Int) -> Bool) {
    for index in groups.indices where !scan(subject, groups[index], found) { return }
  }

  @inline(__always) private func scan(_ subject: UnsafeRawBufferPointer, _ group: Group, _ found: (Int) -> Bool) -> Bool {
    guard let base = subject.baseAddress, subject.count >= Self.window else { return true }
    let (last, stride, shift) = (subject.count - Self.window, group.stride, group.shift)
    return group.bits.withUnsafeBufferPointer { bits in
      var place = 0
      while true {
        place = Self.find(group, base, place, last, shift, bits)
        if place > last { return true }
        if !visit(subject, place, Self.hash(subject, at: place, shift), group, found) { return false }
        place += stride
      }
    }
  }

  @inline(__always) private static func find(
    _ group: Group, _ base: UnsafeRawPointer, _ place: Int, _ last: Int, _ shift: UInt32, _ bits: UnsafeBufferPointer<UInt64>
  ) -> Int {
    guard let prints = group.prints else { return cbytes_find_fours(base, place, last, group.stride, shift, bits.baseAddress) }
    return withUnsafePointer(to: prints) { cbytes_find_prints(base, place, last, $0, shift, bits.baseAddress) }
  }

  private func visit(_ subject: UnsafeRawBufferPointer, _ place: Int, _ hash: Int, _ group: Group, _ found: (Int) -> Bool) -> Bool {
    for index in Int(group.begins[hash])..<Int(group.begins[hash + 1]) {
      let entry = group.entries[index]
      let start = place - entry.offset
      guard start >= 0, subject.count - start >= entry.text.count, isText(entry.text, subject, at: start) else { continue }
      if !found(entry.number) { return false }
    }
    return true
  }

  private func isText(_ text: Range<Int>, _ subject: UnsafeRawBufferPointer, at start: Int) -> Bool {
    for offset in 0..<text.count where subject[start + offset] | 0x20 != bytes[text.lowerBound + offset] { return false }
    return true
  }
}

/// The four bytes of a text that are least likely elsewhere.
private enum RareFour {
  /// As often as they come in letters to people, the most frequent first; all else is about as rare as the last.
  private static let frequent = Array(" etaoinsrhldcumfpgwybvkxjqz".utf8)

  static func offset(in text: [UInt8]) -> Int {
    let rarity = text.map { byte in byte.isDigit ? frequent.count / 2 : frequent.firstIndex(of: byte | 0x20) ?? frequent.count }
    let sums = (0...max(0, text.count - 4)).map { rarity[$0..<min($0 + 4, rarity.count)].reduce(0, +) }
    return sums.indices.max { sums[$0] < sums[$1] } ?? 0
  }
}
