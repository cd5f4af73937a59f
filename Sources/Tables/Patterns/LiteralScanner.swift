// SPDX-License-Identifier: Apache-2.0
import CBytes

/// Finds which of many texts are in a subject, in one pass that costs about as much for thousands as for one. Case does not count, nor do some signs: a
/// hit says that the text may be there, none says that it is not.
///
/// It looks at four bytes at every `stride`th place. Each text is known by so many of its fours that one of them lies at such a place wherever the text
/// may be; a set of bits says of nearly all others that they are in no text.
struct LiteralScanner: Sendable {
  private struct Entry {
    let text: Range<Int>
    /// Where in the text the four bytes are.
    let offset: Int
    let number: Int
  }

  private struct Group: Sendable {
    var stride = 1
    var shift: UInt32 = 0
    var bits: [UInt64] = []
    /// Where the entries of a hash begin; one more than there are hashes.
    var begins: [UInt32] = []
    var entries: [Entry] = []
  }

  private static let window = 4
  /// Longer texts are looked for in longer strides.
  private static let long = 7
  private static let maximumStride = 8
  /// So many bits stay in the fastest cache beside what they are asked about (16 KiB, as a power of two of bits).
  private static let quick = 17 as UInt32

  private var bytes: [UInt8] = []
  private var groups: [Group] = []

  /// `texts` have at least four bytes each; what a hit is told by is their number.
  init(_ texts: [(text: [UInt8], number: Int)]) {
    for isLong in [false, true] {
      let members = texts.filter { ($0.text.count >= Self.long) == isLong }
      if !members.isEmpty { groups.append(group(members)) }
    }
  }

  private mutating func group(_ members: [(text: [UInt8], number: Int)]) -> Group {
    let shortest = members.map(\.text.count).min() ?? Self.window
    var group = Group()
    group.stride = max(1, min(Self.maximumStride, shortest - Self.window + 1))
    var size = 10 as UInt32
    while size < Self.quick && 1 << Int(size) < 128 * members.count * group.stride { size += 1 }
    while size < 21, 1 << Int(size) < 32 * members.count * group.stride { size += 1 }
    group.shift = 32 - size
    group.bits = [UInt64](repeating: 0, count: 1 << Int(size - 6))
    var hashed: [(hash: Int, entry: Entry)] = []
    for (text, number) in members {
      let place = bytes.count..<bytes.count + text.count
      bytes += text.map { $0 | 0x20 }
      for offset in 0..<group.stride {
        let hash = bytes.withUnsafeBytes { Self.hash($0, at: place.lowerBound + offset, group.shift) }
        hashed.append((hash, Entry(text: place, offset: offset, number: number)))
        group.bits[hash >> 6] |= 1 << UInt64(hash & 63)
      }
    }
    hashed.sort { $0.hash < $1.hash }
    group.entries = hashed.map(\.entry)
    group.begins = [UInt32](repeating: 0, count: 1 << Int(size) + 1)
    for (hash, _) in hashed { group.begins[hash + 1] += 1 }
    for index in 1..<group.begins.count { group.begins[index] += group.begins[index - 1] }
    return group
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
        place = cbytes_find_fours(base, place, last, stride, shift, bits.baseAddress)
        if place > last { return true }
        if !visit(subject, place, Self.hash(subject, at: place, shift), group, found) { return false }
        place += stride
      }
    }
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
