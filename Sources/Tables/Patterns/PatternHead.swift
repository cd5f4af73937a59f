// SPDX-License-Identifier: Apache-2.0
import CPCRE2

/// The letters that everything a pattern matches begins with, as far as they are plain to see: `/^spam[0-9]/` is not tried on `mail7.example`.
///
/// Most rules of an access table are anchored, and most names are none of theirs.
struct PatternHead: Sendable {
  private let value: UInt64
  private let mask: UInt64

  /// Nothing is known.
  static let any = PatternHead([])

  private init(_ letters: [UInt8]) {
    var (value, mask) = (0 as UInt64, 0 as UInt64)
    for (index, letter) in letters.prefix(8).enumerated() {
      value |= UInt64(Self.folded(letter)) << UInt64(8 * index)
      mask |= 0xff << UInt64(8 * index)
    }
    (self.value, self.mask) = (value, mask)
  }

  /// Of one of Perl's expressions. Whatever is not surely a letter of its own ends the head.
  init(perl pattern: [UInt8], flags: Int) {
    guard pattern.first == UInt8(ascii: "^"), flags & (CPCRE2_MULTILINE | CPCRE2_EXTENDED) == 0, !pattern.contains(UInt8(ascii: "|")) else {
      self = .any
      return
    }
    var letters: [UInt8] = []
    var rest = pattern.dropFirst()
    while letters.count < 8, let letter = Self.takeLetter(&rest) { letters.append(letter) }
    // A letter that is repeated may be repeated no times.
    if let next = rest.first, Self.quantifiers.contains(next) { letters = letters.dropLast() }
    self.init(letters)
  }

  private static let quantifiers = Array("*+?{".utf8)
  private static let plain = Array("-_@ =:/,<>".utf8)

  private static func takeLetter(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let first = rest.first else { return nil }
    if first.isLetterOrDigit || plain.contains(first) { return rest.removeFirst() }
    guard first == UInt8(ascii: "\\"), let second = rest.dropFirst().first, (0x21..<0x7f).contains(second), !second.isLetterOrDigit else {
      return nil
    }
    rest = rest.dropFirst(2)
    return second
  }

  private static func folded(_ letter: UInt8) -> UInt8 { (0x41...0x5a).contains(letter) ? letter | 0x20 : letter }

  /// The first letters of a subject, for `admits`.
  static func letters(of subject: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var letters: UInt64 = 0
    for (index, letter) in subject.prefix(8).enumerated() { letters |= UInt64(folded(letter)) << UInt64(8 * index) }
    return letters
  }

  /// False if the pattern cannot match a subject that begins like this.
  func admits(_ letters: UInt64) -> Bool { letters & mask == value }
}
