// SPDX-License-Identifier: Apache-2.0
import CBytes

/// The parts of a message as mail readers find them that are not strict: to look for what is hidden in it.
///
/// `MIMEStructure` is what RFC 2046 says. Here broken structure is read on, and where readers differ it is read in one way, `Reading`, and what
/// other readings would differ is in `doubts`. One pass over the lines; nothing is copied.
package struct MessageParts: Sendable {
  /// A choice where readers differ.
  package struct Reading: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Of several fields or boundaries the last counts, not the first.
    package static let last = Reading(rawValue: 1)
    /// All boundaries of a multipart count.
    package static let all = Reading(rawValue: 2)
    /// RFC 2046 §5.1.1: a line that only begins with the boundary separates, too.
    package static let prefix = Reading(rawValue: 4)
    /// After the closing boundary the multipart may go on.
    package static let reopen = Reading(rawValue: 8)
    /// A line in a header that is no field ends it.
    package static let shortHeader = Reading(rawValue: 16)
    /// The first line that looks like one is a boundary.
    package static let guess = Reading(rawValue: 32)

    package static let each: [Reading] = [.last, .all, .prefix, .reopen, .shortHeader, .guess]
  }

  package struct Part: Sendable {
    package let depth: Int
    /// In lower case: `type/subtype`.
    package fileprivate(set) var type = "text/plain"
    /// Values of its Content-Type and Content-Disposition fields, as offsets into the body; negative: into the header's fields.
    package fileprivate(set) var fields: [FieldPlace] = []
    package fileprivate(set) var encodings: [MIMEStructure.Encoding] = []
    package fileprivate(set) var disposition = ""
    /// From the line after its boundary to the line end before the next.
    package fileprivate(set) var whole = 0..<0
    package fileprivate(set) var content = 0..<0
    package fileprivate(set) var isContainer = false
  }

  package enum FieldPlace: Sendable {
    case header(Int)
    case body(Range<Int>)
  }

  package private(set) var parts: [Part] = []
  /// What would be read otherwise.
  package private(set) var doubts: Reading = []
  /// Deeper, or in more parts, than anybody writes: the rest was not read.
  package private(set) var isExcessive = false

  package static let maximumDepth = 50
  package static let maximumParts = 10_000
  /// Fields of Content-Type and the like in one part.
  package static let maximumFields = 50

  /// Whether a field says anything about parts.
  package static func counts(_ name: UnsafeRawBufferPointer) -> Bool {
    guard name.count == 12 || name.count == 19 || name.count == 25, name[0] | 0x20 == UInt8(ascii: "c"), name[7] == UInt8(ascii: "-") else {
      return false
    }
    return ["content-type", "content-disposition", "content-transfer-encoding"].contains(String(decoding: name, as: UTF8.self).lowercased())
  }

  /// `header`: name and value of each field of the message; those that do not count may be left out.
  package init(header: [(name: [UInt8], value: [UInt8])], body: UnsafeRawBufferPointer, reading: Reading = []) {
    var scanner = Scanner(body, reading)
    var root = PartHeader()
    for (index, field) in header.enumerated() {
      field.name.withUnsafeBytes { name in field.value.withUnsafeBytes { root.take(name, $0, .header(index)) } }
    }
    scanner.open(root, from: 0, contentFrom: 0)
    scanner.run()
    (parts, doubts, isExcessive) = (scanner.parts, scanner.doubts.subtracting(reading), scanner.isExcessive)
  }

  fileprivate struct Scanner {
    private enum State { case content, header, preamble }

    private struct Level {
      let hash: UInt64
      let boundary: [UInt8]
      let depth: Int
      let part: Int
      let isDigest: Bool
    }

    private let body: UnsafeRawBufferPointer
    private let reading: Reading
    var parts: [Part] = []
    var doubts: Reading = []
    var isExcessive = false
    private var open: [Level] = []
    private var closed: [Level] = []
    private var state = State.preamble
    private var header = PartHeader()
    private var headerStart = 0
    private var fieldStart: Int?
    private var leaf: Int?
    /// Parts that hold others and are open, innermost last.
    private var containers: [Int] = []
    /// Multiparts whose boundary has not come yet.
    private var unseen: Set<Int> = []
    private var mustGuess = false
    private var guessDepth = 1
    private var guessPart = 0

    init(_ body: UnsafeRawBufferPointer, _ reading: Reading) { (self.body, self.reading) = (body, reading) }

    mutating func run() {
      var start = 0
      while start < body.count, !isExcessive {
        let end = lineEnd(from: start)
        line(start, end)
        start = end
      }
      if case .header = state { endHeader(at: body.count, contentFrom: body.count) }
      close(at: body.count, isEnd: true)
      for part in containers { finish(part, at: body.count) }
      if !unseen.isEmpty { doubts.insert(.guess) }
    }

    private mutating func finish(_ container: Int, at offset: Int) {
      let content = parts[container].content.lowerBound
      parts[container].content = content..<max(content, offset)
      parts[container].whole = parts[container].whole.lowerBound..<max(content, offset)
    }

    private func lineEnd(from start: Int) -> Int {
      guard let base = body.baseAddress, let found = memchr(base + start, 0x0A, body.count - start) else { return body.count }
      return base.distance(to: UnsafeRawPointer(found)) + 1
    }

    // MARK: Lines

    private mutating func line(_ start: Int, _ end: Int) {
      if body[start] == UInt8(ascii: "-"), end - start > 2, body[start + 1] == UInt8(ascii: "-"), delimiter(start, end) { return }
      guard case .header = state else { return }
      var stop = end
      while stop > start, body[stop - 1] == 0x0a || body[stop - 1] == 0x0d { stop -= 1 }
      if stop == start {
        endField(at: start)
        return endHeader(at: start, contentFrom: end)
      }
      if body[start] == 0x20 || body[start] == 0x09 { return }
      endField(at: start)
      if isField(start, stop) {
        fieldStart = start
      } else {
        garbage(start)
      }
    }

    /// `name:`, as HeaderBlock has it.
    private func isField(_ start: Int, _ stop: Int) -> Bool {
      var index = start
      while index < stop, body[index] > 0x20, body[index] < 0x7f, body[index] != UInt8(ascii: ":") { index += 1 }
      guard index > start else { return false }
      while index < stop, body[index] == 0x20 || body[index] == 0x09 { index += 1 }
      return index < stop && body[index] == UInt8(ascii: ":")
    }

    /// Some readers pass over such a line, for others the content begins there.
    private mutating func garbage(_ start: Int) {
      if start == headerStart || reading.contains(.shortHeader) { return endHeader(at: start, contentFrom: start) }
      doubts.insert(.shortHeader)
    }

    private mutating func endField(at end: Int) {
      guard let start = fieldStart else { return }
      fieldStart = nil
      var colon = start
      while colon < end, body[colon] != UInt8(ascii: ":") { colon += 1 }
      var nameEnd = colon
      while nameEnd > start, body[nameEnd - 1] <= 0x20 { nameEnd -= 1 }
      let value = min(colon + 1, end)..<end
      header.take(
        UnsafeRawBufferPointer(rebasing: body[start..<nameEnd]), UnsafeRawBufferPointer(rebasing: body[value]), .body(value))
    }

    // MARK: Boundaries

    /// True if the line separates parts.
    private mutating func delimiter(_ start: Int, _ end: Int) -> Bool {
      var stop = end
      while stop > start + 2, body[stop - 1] <= 0x20 { stop -= 1 }
      let text = UnsafeRawBufferPointer(rebasing: body[(start + 2)..<stop])
      if mustGuess, !text.isEmpty { guessed(text) }
      if open.isEmpty, closed.isEmpty { return false }
      let isLastLike = text.count > 2 && text[text.count - 1] == UInt8(ascii: "-") && text[text.count - 2] == UInt8(ascii: "-")
      if let level = level(text) { return separate(level, isLast: false, start, end) }
      if isLastLike, let level = level(UnsafeRawBufferPointer(rebasing: text.dropLast(2))) { return separate(level, isLast: true, start, end) }
      if let level = prefixLevel(text) {
        if reading.contains(.prefix) { return separate(level, isLast: false, start, end) }
        doubts.insert(.prefix)
      }
      return reopened(text, start, end)
    }

    private func level(_ text: UnsafeRawBufferPointer) -> Int? {
      let hash = Self.hash(text)
      return open.lastIndex { $0.hash == hash && $0.boundary.elementsEqual(text) }
    }

    private func prefixLevel(_ text: UnsafeRawBufferPointer) -> Int? {
      open.lastIndex { text.count > $0.boundary.count && $0.boundary.first == text.first && text.starts(with: $0.boundary) }
    }

    /// A multipart that was closed, and has a boundary again.
    private mutating func reopened(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
      guard !closed.isEmpty else { return false }
      let hash = Self.hash(text)
      guard let level = closed.last(where: { $0.hash == hash && $0.boundary.elementsEqual(text) }) else { return false }
      guard reading.contains(.reopen) else {
        doubts.insert(.reopen)
        return false
      }
      open.removeAll { $0.depth >= level.depth }
      open.append(level)
      return separate(open.count - 1, isLast: false, start, end)
    }

    private mutating func separate(_ level: Int, isLast: Bool, _ start: Int, _ end: Int) -> Bool {
      if case .header = state {
        endField(at: start)
        endHeader(at: start, contentFrom: start)
      }
      close(at: start, isEnd: false)
      let around = open[level]
      unseen.remove(around.part)
      while let container = containers.last, container > around.part {
        containers.removeLast()
        finish(container, at: start)
      }
      open.removeAll { $0.depth > around.depth || isLast && $0.depth == around.depth }
      if isLast {
        if closed.count < MessageParts.maximumDepth { closed.append(around) }
        state = .preamble
      } else {
        state = .header
        header = PartHeader(isInDigest: around.isDigest)
        headerStart = end
      }
      return true
    }

    private mutating func guessed(_ text: UnsafeRawBufferPointer) {
      mustGuess = false
      add(Array(text), depth: guessDepth, part: guessPart, isDigest: false)
    }

    private mutating func add(_ boundary: [UInt8], depth: Int, part: Int, isDigest: Bool) {
      let hash = boundary.withUnsafeBytes { Self.hash($0) }
      guard !open.contains(where: { $0.hash == hash && $0.depth == depth }) else { return }
      open.append(Level(hash: hash, boundary: boundary, depth: depth, part: part, isDigest: isDigest))
    }

    private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in text.prefix(200) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return hash ^ UInt64(text.count)
    }

    // MARK: Parts

    /// The line end before a boundary is the boundary's.
    private mutating func close(at offset: Int, isEnd: Bool) {
      guard let leaf else { return }
      self.leaf = nil
      let begin = parts[leaf].content.lowerBound
      var stop = offset
      if stop > begin, !isEnd, body[stop - 1] == 0x0a { stop -= 1 }
      parts[leaf].content = begin..<max(begin, stop)
      parts[leaf].whole = parts[leaf].whole.lowerBound..<max(begin, stop)
    }

    private mutating func endHeader(at end: Int, contentFrom content: Int) {
      endField(at: end)
      open(header, from: headerStart, contentFrom: content)
    }

    mutating func open(_ header: PartHeader, from start: Int, contentFrom content: Int) {
      state = .content
      fieldStart = nil
      let depth = (open.last?.depth ?? 0) + nesting
      guard parts.count < MessageParts.maximumParts, depth <= MessageParts.maximumDepth, !header.isExcessive else {
        isExcessive = true
        return
      }
      if header.types.count > 1 || header.boundaries.count > 1 { doubts.formUnion([.last, .all]) }
      let type = reading.contains(.last) ? header.types.last : header.types.first
      var part = Part(depth: depth)
      part.type = type ?? (header.isInDigest ? "message/rfc822" : "text/plain")
      (part.fields, part.encodings, part.disposition) = (header.fields, header.encodings, header.disposition)
      (part.whole, part.content) = (start..<content, content..<content)
      let isMultipart = part.type.hasPrefix("multipart") || reading.contains(.all) && header.types.contains { $0.hasPrefix("multipart") }
      let isMessage = part.type == "message/rfc822" || part.type == "message/global" || part.type == "message/news"
      part.isContainer = isMultipart || isMessage
      parts.append(part)
      if isMultipart {
        openMultipart(header, depth, isDigest: part.type == "multipart/digest")
      } else if isMessage {
        nested(content)
      } else {
        leaf = parts.count - 1
      }
    }

    /// Messages in messages, which have no boundary around them.
    private var nesting: Int { containers.reversed().prefix { parts[$0].type.hasPrefix("message") }.count }

    private mutating func openMultipart(_ header: PartHeader, _ depth: Int, isDigest: Bool) {
      let part = parts.count - 1
      containers.append(part)
      state = .preamble
      var boundaries = header.boundaries
      if !reading.contains(.all) { boundaries = Array(reading.contains(.last) ? boundaries.suffix(1) : boundaries.prefix(1)) }
      for boundary in boundaries { add(boundary, depth: depth + 1, part: part, isDigest: isDigest) }
      if boundaries.isEmpty || reading.contains(.guess) { (mustGuess, guessDepth, guessPart) = (true, depth + 1, part) }
      if !boundaries.isEmpty { unseen.insert(part) }
    }

    private mutating func nested(_ content: Int) {
      containers.append(parts.count - 1)
      state = .header
      header = PartHeader()
      headerStart = content
    }
  }

  /// What counts of the fields of a part.
  fileprivate struct PartHeader {
    var types: [String] = []
    var boundaries: [[UInt8]] = []
    var encodings: [MIMEStructure.Encoding] = []
    var disposition = ""
    var fields: [FieldPlace] = []
    var isExcessive = false
    var isInDigest = false

    mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ place: FieldPlace) {
      guard MessageParts.counts(name) else { return }
      switch String(decoding: name, as: UTF8.self).lowercased() {
      case "content-type":
        note(place)
        types.append(Self.word(value))
        let found = ParameterReadings(value, "boundary", isWhole: true)
        if found.isExcessive { isExcessive = true }
        for boundary in found.values.prefix(8) { take(boundary: boundary) }
      case "content-disposition":
        note(place)
        if disposition.isEmpty { disposition = Self.word(value) }
      case "content-transfer-encoding": take(encoding: Self.word(value))
      default: break
      }
    }

    private mutating func note(_ place: FieldPlace) {
      fields.append(place)
      if fields.count > MessageParts.maximumFields { isExcessive = true }
    }

    private mutating func take(boundary: [UInt8]) {
      var boundary = boundary
      while let last = boundary.last, last <= 0x20 { boundary.removeLast() }
      if !boundary.isEmpty, !boundaries.contains(boundary), boundaries.count < 8 { boundaries.append(boundary) }
    }

    /// Each that any reader might take it for.
    private mutating func take(encoding word: String) {
      let encoding: MIMEStructure.Encoding =
        word.contains("64") ? .base64 : word.contains("quoted") || word.hasPrefix("qp") ? .quotedPrintable : .identity
      if !encodings.contains(encoding) { encodings.append(encoding) }
      if encoding == .identity, !["7bit", "8bit", "binary", ""].contains(word), !encodings.contains(.base64) { encodings.append(.base64) }
    }

    /// The first word: `type/subtype`, whatever blanks, quotes and comments are around it.
    private static func word(_ value: UnsafeRawBufferPointer) -> String {
      var (text, depth) = ([UInt8](), 0)
      for byte in value.prefix(1024) {
        if depth == 0, byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") { break }
        if byte == UInt8(ascii: "(") { depth += 1 }
        let isPart = depth == 0 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'")
        if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
        if isPart { text.append(byte <= 0x20 || byte == 0x7f ? 0x20 : byte) }
      }
      let words = text.split(separator: 0x20)
      var word = Array(words.first ?? [])
      for next in words.dropFirst() where word.last == UInt8(ascii: "/") || next.first == UInt8(ascii: "/") { word += next }
      return String(decoding: word, as: UTF8.self).lowercased()
    }
  }
}
