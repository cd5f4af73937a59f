// SPDX-License-Identifier: Apache-2.0
import Bytes
import CBytes

/// The body of a message line by line, as header_checks(5) and body_checks(5) of Postfix tell fields of parts from text.
///
/// This is not how mail readers take a message apart (`MIMEStructure`): a delimiter is a line that begins with a boundary, whatever follows; every
/// `boundary=` of a field counts; lines longer than 2048 bytes come in pieces. All offsets are those of the body.
package struct BodyLines {
  package struct Field {
    package let name: Range<Int>
    /// What follows the colon, with continuation lines, without the last line end.
    package fileprivate(set) var value: Range<Int>
    /// All its lines, with their ends.
    package fileprivate(set) var lines: Range<Int>
    /// Of an attached message, not of a part.
    package let isNested: Bool
  }

  package struct Text {
    /// Without the line end.
    package let range: Range<Int>
    /// Behind the line end, if this is the end of a line.
    package let end: Int
    /// In its part, as body_checks_size_limit counts.
    package let offset: Int
  }

  package enum Event {
    case field(Field)
    case text(Text)
  }

  private enum State: Equatable { case text, fields(isNested: Bool) }

  /// Postfix's line_length_limit: a longer line comes in pieces.
  package static let maximumLine = 2048
  /// Postfix's mime_nesting_limit.
  private static let maximumDepth = 100

  private let body: UnsafeRawBufferPointer
  /// Innermost last.
  private var open: [Boundary] = []
  private var state = State.text
  private var content = ContentKind.plain
  /// Behind the empty line that ends the header.
  private var offset = 1
  private var field: Field?

  private struct Boundary {
    let text: [UInt8]
    let isOfDigest: Bool
  }

  /// `types`: the values of the Content-Type fields of the message's header.
  package init(types: [[UInt8]], body: UnsafeRawBufferPointer) {
    self.body = body
    for type in types { type.withUnsafeBytes { read($0) } }
    endFields()
  }

  /// Whether such a Content-Type makes a body plain, without a closer look; false is no answer.
  package static func isSurelyPlain(_ type: UnsafeRawBufferPointer) -> Bool {
    !type.contains("MULTIPART") && !type.contains("MESSAGE")
  }

  /// Whether all of the body is text: then no fields will come.
  package var isPlain: Bool { state == .text && open.isEmpty }

  /// Calls `visit` in order until it answers false.
  package mutating func run(_ visit: (Event) -> Bool) {
    var start = 0
    while start < body.count {
      let newline = lineEnd(from: start)
      guard line(start, newline, visit) else { return }
      start = newline + 1
    }
    if case .fields = state { _ = close(visit) }
  }

  /// As `run`, for the fields alone: text is passed over where it cannot be a delimiter.
  package mutating func runFields(_ visit: (Field) -> Bool) {
    let visitAny = { (event: Event) in if case .field(let field) = event { visit(field) } else { true } }
    var start = 0
    while start < body.count {
      if state == .text {
        guard !open.isEmpty, let next = dashes(from: start) else { return }
        start = next
      }
      let newline = lineEnd(from: start)
      guard line(start, newline, visitAny) else { return }
      start = newline + 1
    }
    if case .fields = state { _ = close(visitAny) }
  }

  /// The next line that begins with `--`, from the beginning of a line on.
  private func dashes(from start: Int) -> Int? {
    var start = start
    while let found = offset(of: UInt8(ascii: "-"), from: start) {
      if found == 0 || body[found - 1] == 0x0a {
        guard found + 1 < body.count else { return nil }
        if body[found + 1] == UInt8(ascii: "-") { return found }
      }
      start = lineEnd(from: found) + 1
    }
    return nil
  }

  private func offset(of byte: UInt8, from start: Int) -> Int? {
    guard start < body.count, let base = body.baseAddress, let found = memchr(base + start, Int32(byte), body.count - start) else { return nil }
    return base.distance(to: UnsafeRawPointer(found))
  }

  /// Of the line from `start`: where its line end is, or the end of the body.
  private func lineEnd(from start: Int) -> Int {
    offset(of: 0x0a, from: start) ?? body.count
  }

  @inline(__always) private mutating func line(_ start: Int, _ end: Int, _ visit: (Event) -> Bool) -> Bool {
    if case .fields(let isNested) = state {
      guard let isField = fieldLine(start, end, isNested, visit) else { return false }
      if isField { return true }
      if start == end { endFields() } else { state = .text }
      offset = 0
    }
    if !open.isEmpty, end - start >= 2, body[start] == UInt8(ascii: "-"), body[start + 1] == UInt8(ascii: "-") { delimiter(start, end) }
    return text(start, end, visit)
  }

  private mutating func text(_ start: Int, _ end: Int, _ visit: (Event) -> Bool) -> Bool {
    var start = start
    while end - start > Self.maximumLine {
      guard visit(.text(Text(range: start..<start + Self.maximumLine, end: start + Self.maximumLine, offset: offset))) else { return false }
      start += Self.maximumLine
      offset += Self.maximumLine + 1
    }
    let text = Text(range: start..<end, end: min(end + 1, body.count), offset: offset)
    offset += end - start + 1
    return visit(.text(text))
  }

  // MARK: Fields

  /// Whether the line belongs to a field; nil: no more.
  private mutating func fieldLine(_ start: Int, _ end: Int, _ isNested: Bool, _ visit: (Event) -> Bool) -> Bool? {
    let after = min(end + 1, body.count)
    if start < end, body[start] == 0x20 || body[start] == 0x09, let open = field {
      field?.value = open.value.lowerBound..<end
      field?.lines = open.lines.lowerBound..<after
      return true
    }
    guard close(visit) else { return nil }
    var found: HeaderBlock.Field?
    _ = HeaderBlock.scan(UnsafeRawBufferPointer(rebasing: body[start..<min(end, start + Self.maximumLine)])) { found = $0 }
    guard let found else { return false }
    field = Field(
      name: start + found.name.lowerBound..<start + found.name.upperBound, value: start + found.value.lowerBound..<end, lines: start..<after,
      isNested: isNested)
    return true
  }

  /// The field that was open is complete.
  private mutating func close(_ visit: (Event) -> Bool) -> Bool {
    guard let field else { return true }
    self.field = nil
    if field.name.count == 12, Self.isContentType(body[field.name]) { read(UnsafeRawBufferPointer(rebasing: body[field.value])) }
    return visit(.field(field))
  }

  private static func isContentType(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    UnsafeRawBufferPointer(rebasing: name).equalsIgnoringCase("CONTENT-TYPE")
  }

  // MARK: Structure

  private mutating func read(_ value: UnsafeRawBufferPointer) {
    var tokens = ContentTypeTokens(value)
    guard let first = tokens.next(), let word = first[0] else { return content = .other }
    guard word.kind == .word else { return }
    let subtype = tokens.isSign(first[1], "/") ? first[2] : nil
    if tokens.isWord(word, "TEXT") {
      content = .plain
    } else if tokens.isWord(word, "MESSAGE") {
      content = tokens.isWord(subtype, "RFC822") ? .message : .other
    } else if tokens.isWord(word, "MULTIPART") {
      content = .multipart
      let isOfDigest = tokens.isWord(subtype, "DIGEST")
      while let group = tokens.next() {
        guard let value = group[2], tokens.isWord(group[0], "BOUNDARY"), tokens.isSign(group[1], "="), open.count <= Self.maximumDepth else {
          continue
        }
        open.append(Boundary(text: tokens.text(of: value, limit: Self.maximumLine), isOfDigest: isOfDigest))
      }
    }
  }

  /// The empty line behind fields.
  private mutating func endFields() {
    state = content == .message ? .fields(isNested: true) : .text
    if content != .other { content = .plain }
  }

  /// The innermost boundary that the line begins with counts; those within it are over.
  private mutating func delimiter(_ start: Int, _ end: Int) {
    for level in open.indices.reversed() {
      let boundary = open[level].text
      let after = start + 2 + boundary.count
      guard after <= end, body[(start + 2)..<after].elementsEqual(boundary) else { continue }
      let isDigest = open[level].isOfDigest
      open.removeSubrange((level + 1)...)
      if after + 2 <= end, body[after] == UInt8(ascii: "-"), body[after + 1] == UInt8(ascii: "-") {
        open.removeLast()
        (state, content, offset) = (.text, .plain, 0)
      } else {
        (state, content) = (.fields(isNested: false), isDigest ? .message : .plain)
      }
      return
    }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func contains(_ word: StaticString) -> Bool {
    indices.contains { slice($0, $0 + word.utf8CodeUnitCount).equalsIgnoringCase(word) }
  }
}

private enum ContentKind { case plain, message, multipart, other }

/// The words of a Content-Type, as Postfix has them: groups that end at a `;`, of each the first three words or signs.
private struct ContentTypeTokens {
  struct Token {
    enum Kind { case word, sign, quoted }
    let kind: Kind
    /// Without the quotes.
    let range: Range<Int>
  }

  struct Group {
    private var tokens: (Token?, Token?, Token?) = (nil, nil, nil)
    private var count = 0

    subscript(index: Int) -> Token? {
      switch index {
      case 0: tokens.0
      case 1: tokens.1
      default: tokens.2
      }
    }

    fileprivate mutating func append(_ token: Token) {
      switch count {
      case 0: tokens.0 = token
      case 1: tokens.1 = token
      case 2: tokens.2 = token
      default: return
      }
      count += 1
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next group; nil behind the last.
  mutating func next() -> Group? {
    guard index < bytes.count else { return nil }
    var group = Group()
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: ";") {
        index += 1
        return group
      }
      if let token = token(byte) { group.append(token) }
    }
    return group
  }

  /// `upper`: in capitals.
  func isWord(_ token: Token?, _ upper: StaticString) -> Bool {
    guard let token, token.kind == .word else { return false }
    return UnsafeRawBufferPointer(rebasing: bytes[token.range]).equalsIgnoringCase(upper)
  }

  func isSign(_ token: Token?, _ sign: Unicode.Scalar) -> Bool {
    guard let token, token.kind == .sign else { return false }
    return bytes[token.range.lowerBound] == UInt8(ascii: sign)
  }

  /// What a token stands for.
  func text(of token: Token, limit: Int) -> [UInt8] {
    guard token.kind == .quoted else { return Array(bytes[token.range].prefix(limit)) }
    var text: [UInt8] = []
    var index = token.range.lowerBound
    while index < token.range.upperBound, text.count < limit {
      if bytes[index] == UInt8(ascii: "\\"), index + 1 < token.range.upperBound { index += 1 }
      if bytes[index] != 0x0a { text.append(bytes[index]) }
      index += 1
    }
    return text
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }

  private mutating func token(_ byte: UInt8) -> Token? {
    switch byte {
    case UInt8(ascii: "("):
      skipComment()
      return nil
    case UInt8(ascii: "\""): return quoted()
    case 0...0x20, 0x7f:
      index += 1
      return nil
    default: break
    }
    let start = index
    index += 1
    if Self.isSign(byte) { return Token(kind: .sign, range: start..<index) }
    while index < bytes.count, bytes[index] > 0x20, bytes[index] != 0x7f, !Self.isSign(bytes[index]) { index += 1 }
    return Token(kind: .word, range: start..<index)
  }

  private mutating func skipComment() {
    var depth = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "\\"): index += 1
      default: break
      }
      index += 1
      if depth == 0 { return }
    }
    index = min(index, bytes.count)
  }

  private mutating func quoted() -> Token {
    index += 1
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
    let end = min(index, bytes.count)
    index = min(end + 1, bytes.count)
    return Token(kind: .quoted, range: min(start, end)..<end)
  }
}
