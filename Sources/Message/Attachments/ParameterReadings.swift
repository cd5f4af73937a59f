// SPDX-License-Identifier: Apache-2.0

/// Every value that some mail reader might find for a parameter of a Content-Type or Content-Disposition field.
///
/// Readers differ in quotes, comments, backslashes, missing semicolons, repeated and continued parameters. So nothing is parsed from left to
/// right here: each place where the name stands before a `=` counts, and each way to find the end of the value.
package struct ParameterReadings {
  /// Without repetitions, in the order in which they were found; RFC 2231 decoded, RFC 2047 not.
  package private(set) var values: [[UInt8]] = []
  /// There were more than anybody needs, so not all were read.
  package private(set) var isExcessive = false

  private let field: UnsafeRawBufferPointer
  private var pieces: [Piece] = []

  private struct Piece {
    let section: Int?
    let isEncoded: Bool
    let values: [[UInt8]]
  }

  package static let maximumPlaces = 100
  package static let maximumValues = 32
  /// Names of files have at most 255 characters, each of which may take twelve bytes here.
  package static let maximumLength = 4096

  /// `names`: in lower case, such as `name`, of which `filename` is one too unless `isWhole`.
  package init(_ field: UnsafeRawBufferPointer, _ name: StaticString, isWhole: Bool = false) {
    self.field = field
    let word = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    var (index, places) = (0, 0)
    while let place = Self.find(word, in: field, from: index) {
      index = place + word.count
      if isWhole, place > 0, Self.isLetter(field[place - 1]) { continue }
      guard let piece = piece(behind: index) else { continue }
      places += 1
      if places > Self.maximumPlaces { isExcessive = true }
      if isExcessive { break }
      pieces.append(piece)
    }
    assemble()
    pieces = []
  }

  // MARK: Places

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a }

  private static func find(_ word: UnsafeRawBufferPointer, in field: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard field.count >= word.count, start <= field.count - word.count, let first = word.first else { return nil }
    for index in start...(field.count - word.count) where field[index] | 0x20 == first {
      var matched = 1
      while matched < word.count, field[index + matched] | 0x20 == word[matched] { matched += 1 }
      if matched == word.count { return index }
    }
    return nil
  }

  /// RFC 2231 §7: `*`, a section, `*`; then `=` and the value.
  private mutating func piece(behind start: Int) -> Piece? {
    var index = start
    var section: Int?
    var isEncoded = false
    if byte(index) == UInt8(ascii: "*") {
      index += 1
      while let digit = byte(index), digit >= 0x30, digit <= 0x39 {
        section = min((section ?? 0) * 10 + Int(digit - 0x30), 1_000_000)
        index += 1
      }
      isEncoded = section == nil
      if section != nil, byte(index) == UInt8(ascii: "*") {
        isEncoded = true
        index += 1
      }
    }
    index = behindBlanks(index)
    guard byte(index) == UInt8(ascii: "=") else { return nil }
    return Piece(section: section, isEncoded: isEncoded, values: values(at: behindBlanks(index + 1)))
  }

  private func byte(_ index: Int) -> UInt8? { index < field.count ? field[index] : nil }

  /// White space and comments, as far as anybody would go.
  private func behindBlanks(_ start: Int) -> Int {
    var (index, depth) = (start, 0)
    let end = min(field.count, start + 1024)
    while index < end {
      let byte = field[index]
      if byte == UInt8(ascii: "(") { depth += 1 } else if depth == 0, byte > 0x20 { break }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      if byte == UInt8(ascii: "\\") { index += 1 }
      index += 1
    }
    return depth == 0 ? min(index, field.count) : start
  }

  // MARK: Ends

  private mutating func values(at start: Int) -> [[UInt8]] {
    guard byte(start) == UInt8(ascii: "\"") else {
      let segment = segment(at: start)
      return distinct([uncommented(segment), segment, Array(segment.prefix { $0 > 0x20 })])
    }
    return distinct([quoted(at: start, escapes: true), quoted(at: start, escapes: false), segment(at: start).filter { $0 != UInt8(ascii: "\"") }])
  }

  private func distinct(_ values: [[UInt8]]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    for value in values where !found.contains(value) { found.append(value) }
    return found
  }

  /// Up to the closing quote, or to the end where there is none.
  private mutating func quoted(at start: Int, escapes: Bool) -> [UInt8] {
    var value: [UInt8] = []
    var index = start + 1
    while index < field.count, field[index] != UInt8(ascii: "\"") {
      if escapes, field[index] == UInt8(ascii: "\\"), index + 1 < field.count { index += 1 }
      append(field[index], to: &value)
      if isExcessive { break }
      index += 1
    }
    return value
  }

  /// Up to the semicolon that another parameter follows, without blanks around it.
  private mutating func segment(at start: Int) -> [UInt8] {
    var value: [UInt8] = []
    var (index, mark): (Int, Int?) = (start, nil)
    while index < field.count, !isExcessive {
      if field[index] == UInt8(ascii: ";"), mark == nil { mark = value.count }
      if field[index] == UInt8(ascii: "="), let mark {
        value.removeSubrange(mark...)
        break
      }
      // So far one looks for another parameter.
      if let mark, value.count - mark > 256 {
        value.removeSubrange(mark...)
        break
      }
      append(field[index], to: &value)
      index += 1
    }
    while let last = value.last, last <= 0x20 || last == UInt8(ascii: ";") { value.removeLast() }
    return value
  }

  /// A value that is longer than any name tells of an intention, not of a name.
  private mutating func append(_ byte: UInt8, to value: inout [UInt8]) {
    if byte == 0x0a || byte == 0x0d { return }
    guard value.count < Self.maximumLength else { return isExcessive = true }
    value.append(byte)
  }

  private func uncommented(_ text: [UInt8]) -> [UInt8] {
    var (value, depth) = ([UInt8](), 0)
    for byte in text {
      if byte == UInt8(ascii: "(") { depth += 1 }
      if depth == 0 { value.append(byte) }
      if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
    }
    if depth > 0 { return text }
    while let last = value.last, last <= 0x20 { value.removeLast() }
    return value
  }

  // MARK: RFC 2231

  private mutating func assemble() {
    for piece in pieces where piece.section == nil {
      for value in piece.values { piece.isEncoded ? addExtended(value) : add(value) }
    }
    let parts = pieces.filter { $0.section != nil }
    guard !parts.isEmpty else { return }
    let sorted = parts.enumerated().sorted { ($0.element.section ?? 0, $0.offset) < ($1.element.section ?? 0, $1.offset) }.map(\.element)
    for order in [sorted, parts] {
      for selection in [once(order, first: true), once(order, first: false), order] {
        join(selection) { $0.values.first ?? [] }
        join(selection) { $0.values.last ?? [] }
      }
    }
  }

  /// Of pieces with the same number the first or the last.
  private func once(_ pieces: [Piece], first: Bool) -> [Piece] {
    var kept: [Piece] = []
    for piece in pieces {
      if let index = kept.firstIndex(where: { $0.section == piece.section }) {
        if !first { kept[index] = piece }
      } else {
        kept.append(piece)
      }
    }
    return kept
  }

  /// Up to the first number that is missing, and all there are.
  private mutating func join(_ pieces: [Piece], _ value: (Piece) -> [UInt8]) {
    var (whole, plain, charset, isWithoutGap, next) = ([UInt8](), [UInt8](), "", true, 0)
    for piece in pieces {
      if isWithoutGap, let section = piece.section, section > next, !whole.isEmpty {
        isWithoutGap = false
        add(whole)
      }
      next = (piece.section ?? 0) + 1
      guard piece.isEncoded else {
        whole += value(piece)
        plain += value(piece)
        continue
      }
      let (named, text) = Self.split(value(piece))
      if charset.isEmpty { charset = named }
      let bytes = Self.percentDecoded(text)
      whole += EncodedWords.inUTF8(bytes, charset) ?? bytes
      plain += bytes
    }
    add(plain)
    add(whole)
  }

  private mutating func addExtended(_ value: [UInt8]) {
    let (charset, text) = Self.split(value)
    let bytes = Self.percentDecoded(text)
    add(bytes)
    if let converted = EncodedWords.inUTF8(bytes, charset) { add(converted) }
    if charset.isEmpty, let quote = value.lastIndex(of: UInt8(ascii: "'")) { add(Self.percentDecoded(Array(value[(quote + 1)...]))) }
  }

  /// `charset'language'text`
  private static func split(_ value: [UInt8]) -> (charset: String, text: [UInt8]) {
    guard let first = value.firstIndex(of: UInt8(ascii: "'")), let second = value[(first + 1)...].firstIndex(of: UInt8(ascii: "'")) else {
      return ("", value)
    }
    return (String(decoding: value[..<first], as: UTF8.self).lowercased(), Array(value[(second + 1)...]))
  }

  package static func percentDecoded(_ bytes: [UInt8], mark: UInt8 = UInt8(ascii: "%")) -> [UInt8] {
    guard bytes.contains(mark) else { return bytes }
    var output: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == mark, index + 2 < bytes.count, let high = EncodedWords.hex(bytes[index + 1]), let low = EncodedWords.hex(bytes[index + 2]) {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
    return output
  }

  private mutating func add(_ value: [UInt8]) {
    guard !value.isEmpty, !values.contains(value) else { return }
    guard values.count < Self.maximumValues else {
      isExcessive = true
      return
    }
    values.append(value)
  }
}
