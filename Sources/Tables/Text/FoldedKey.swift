// SPDX-License-Identifier: Apache-2.0

/// Keys without regard to case: those of ASCII eight bytes at a time, others by `CaseFolding`.
enum FoldedKey {
  typealias Bytes = UnsafeRawBufferPointer

  /// ASCII capital letters among eight bytes, in lower case.
  @inline(__always)
  private static func fold(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7f)
    // The high bit of each byte: at least "A"; more than "Z"; not ASCII.
    let fromA = low &+ ones &* (0x80 - 0x41)
    let beyondZ = low &+ ones &* (0x80 - 0x5b)
    return word | ((fromA & ~beyondZ & ~word & (ones &* 0x80)) >> 2)
  }

  @inline(__always)
  private static func word(_ key: Bytes, at offset: Int) -> UInt64 { fold(key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }

  /// The last bytes, fewer than eight.
  @inline(__always)
  private static func rest(_ key: Bytes, from offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in offset..<key.count { word = word << 8 | UInt64(key[index]) }
    return fold(word)
  }

  @inline(__always)
  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  /// Only who writes the table chooses its keys, so it need not resist an attacker.
  static func hash(_ key: Bytes) -> UInt64 {
    var hash = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: key.count)
    var offset = 0
    var seen: UInt64 = 0
    while offset + 8 <= key.count {
      let word = word(key, at: offset)
      seen |= word
      hash = mix(hash ^ word, 0xa076_1d64_78bd_642f)
      offset += 8
    }
    let rest = rest(key, from: offset)
    if (seen | rest) & 0x8080_8080_8080_8080 != 0 { return hashBeyondASCII(key) }
    return mix(hash ^ rest, 0xe703_7ed1_a0b4_28db)
  }

  /// That of the folded key, so that `STRASSE` and `straße` have one.
  @inline(never)
  private static func hashBeyondASCII(_ key: Bytes) -> UInt64 {
    let folded = CaseFolding.fold(key)
    var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: folded.count)
    return folded.withUnsafeBytes { key in
      var offset = 0
      while offset + 8 <= key.count {
        hash = mix(hash ^ word(key, at: offset), 0xa076_1d64_78bd_642f)
        offset += 8
      }
      return mix(hash ^ rest(key, from: offset), 0xe703_7ed1_a0b4_28db)
    }
  }

  /// By ASCII alone.
  static func areEqual(_ left: Bytes, _ right: Bytes) -> Bool {
    guard left.count == right.count else { return false }
    var offset = 0
    while offset + 8 <= left.count {
      if word(left, at: offset) != word(right, at: offset) { return false }
      offset += 8
    }
    return rest(left, from: offset) == rest(right, from: offset)
  }
}
