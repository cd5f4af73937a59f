// SPDX-License-Identifier: Apache-2.0
import CBytes

/// RFC 2046: the parts of a message, found in one pass over its lines. Nothing is copied; broken structure is read as far as it goes.
package struct MIMEStructure: Sendable {
  package enum Encoding: Sendable { case identity, base64, quotedPrintable }

  package struct Field: Sendable {
    /// Offsets into the body of the message.
    package let name: Range<Int>
    package let value: Range<Int>
  }

  package struct Part: Sendable {
    /// 0 is the message itself.
    package let depth: Int
    /// Whether it is within an attached message.
    package let isNested: Bool
    /// Of the part's own header; empty for the message itself.
    package fileprivate(set) var fields: [Field] = []
    package fileprivate(set) var type = MIMEParameters.plain
    package fileprivate(set) var disposition = MIMEParameters.none
    package fileprivate(set) var encoding = Encoding.identity
    /// Offsets into the body of the message; empty for a part that holds parts.
    package fileprivate(set) var content = 0..<0

    /// What it would be saved as: of Content-Disposition, else of Content-Type.
    package var fileName: [UInt8]? { disposition.text("filename") ?? type.text("name") }
  }

  package private(set) var parts: [Part] = []

  /// Beyond these what is within is taken for plain content of the part around it.
  package static let maximumDepth = 50
  package static let maximumParts = 10_000
  package static let maximumFields = 100_000

  /// `header`: name and value of each field of the message.
  package init(header: [(name: [UInt8], value: [UInt8])], body: UnsafeRawBufferPointer) {
    var root = Part(depth: 0, isNested: false)
    for field in header {
      field.name.withUnsafeBytes { name in field.value.withUnsafeBytes { root.take(name, $0) } }
    }
    var scanner = Scanner(body)
    scanner.open(root, contentFrom: 0)
    scanner.run()
    parts = scanner.parts
  }

  private struct Scanner {
    private enum State { case content, header(start: Int, isNested: Bool), between }

    private let body: UnsafeRawBufferPointer
    fileprivate var parts: [Part] = []
    /// Boundaries of the multiparts that are open, outermost first, and the depth of their parts.
    private var open: [(boundary: [UInt8], depth: Int, isNested: Bool)] = []
    private var state = State.between
    /// The part whose content goes on.
    private var leaf: Int?
    private var fieldCount = 0

    init(_ body: UnsafeRawBufferPointer) { self.body = body }

    mutating func run() {
      var start = 0
      while start < body.count {
        let end = lineEnd(from: start)
        line(start, end)
        start = end
      }
      if case .header(let start, let isNested) = state { header(start, body.count, isNested: isNested, contentFrom: body.count) }
      close(at: body.count)
    }

    private func lineEnd(from start: Int) -> Int {
      guard let base = body.baseAddress, let found = memchr(base + start, 0x0A, body.count - start) else { return body.count }
      return base.distance(to: UnsafeRawPointer(found)) + 1
    }

    private mutating func line(_ start: Int, _ end: Int) {
      if body[start] == UInt8(ascii: "-"), let (level, isLast) = boundary(start, end) { return delimiter(level, isLast, start, end) }
      guard case .header(let begin, let isNested) = state else { return }
      let isEmpty = body[start] == 0x0a || body[start] == 0x0d && end - start == 2
      let isText = !isEmpty && start == begin && !isField(start, end)
      if isEmpty {
        header(begin, start, isNested: isNested, contentFrom: end)
      } else if isText {
        header(begin, start, isNested: isNested, contentFrom: start)
      }
    }

    /// RFC 2046 §5.1.1. Blanks may follow; the innermost that fits counts.
    private func boundary(_ start: Int, _ end: Int) -> (level: Int, isLast: Bool)? {
      guard end - start >= 2, body[start + 1] == UInt8(ascii: "-") else { return nil }
      var stop = end
      while stop > start, body[stop - 1] <= 0x20 { stop -= 1 }
      let text = body[(start + 2)..<max(start + 2, stop)]
      for level in open.indices.reversed() {
        let boundary = open[level].boundary
        if text.elementsEqual(boundary) { return (level, false) }
        if text.count == boundary.count + 2, text.elementsEqual(boundary + [UInt8(ascii: "-"), UInt8(ascii: "-")]) { return (level, true) }
      }
      return nil
    }

    private mutating func delimiter(_ level: Int, _ isLast: Bool, _ start: Int, _ end: Int) {
      if case .header(let begin, let isNested) = state { header(begin, start, isNested: isNested, contentFrom: start) }
      close(at: start)
      open.removeSubrange((level + 1)...)
      if isLast {
        open.removeLast()
        state = .between
      } else {
        state = .header(start: end, isNested: false)
      }
    }

    /// The line end before a delimiter belongs to the delimiter.
    private mutating func close(at offset: Int) {
      guard let leaf else { return }
      self.leaf = nil
      let begin = parts[leaf].content.lowerBound
      var stop = offset
      if stop > begin, stop < body.count || offset != body.count, body[stop - 1] == 0x0a { stop -= 1 }
      parts[leaf].content = begin..<max(begin, stop)
    }

    private func isField(_ start: Int, _ end: Int) -> Bool {
      var found = false
      _ = HeaderBlock.scan(UnsafeRawBufferPointer(rebasing: body[start..<end])) { _ in found = true }
      return found
    }

    /// A header that begins at `start` has ended; `isNested`: that of an attached message.
    private mutating func header(_ start: Int, _ end: Int, isNested: Bool, contentFrom content: Int) {
      let around = open.last
      var part = Part(
        depth: isNested ? (parts.last?.depth ?? 0) + 1 : around?.depth ?? 1, isNested: isNested || around?.isNested == true)
      let block = UnsafeRawBufferPointer(rebasing: body[start..<max(start, end)])
      _ = HeaderBlock.scan(block) { field in
        guard fieldCount < MIMEStructure.maximumFields else { return }
        fieldCount += 1
        part.take(UnsafeRawBufferPointer(rebasing: block[field.name]), UnsafeRawBufferPointer(rebasing: block[field.value]))
        part.fields.append(
          Field(
            name: field.name.lowerBound + start..<field.name.upperBound + start,
            value: field.value.lowerBound + start..<field.value.upperBound + start))
      }
      self.open(part, contentFrom: content)
    }

    mutating func open(_ part: Part, contentFrom content: Int) {
      state = .content
      guard parts.count < MIMEStructure.maximumParts else { return }
      var part = part
      part.content = content..<content
      let mayHold = part.depth < MIMEStructure.maximumDepth && part.encoding == .identity
      if mayHold, part.type.value.hasPrefix("multipart/"), let boundary = part.type.raw("boundary"), !boundary.isEmpty, boundary.count <= 998 {
        parts.append(part)
        open.append((boundary, part.depth + 1, part.isNested))
        state = .between
      } else if mayHold, part.type.value == "message/rfc822" || part.type.value == "message/global" {
        parts.append(part)
        state = .header(start: content, isNested: true)
      } else {
        parts.append(part)
        leaf = parts.count - 1
      }
    }
  }
}

extension MIMEStructure.Part {
  fileprivate mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    guard name.count > 8, name[7] == UInt8(ascii: "-") else { return }
    switch String(decoding: name, as: UTF8.self).lowercased() {
    case "content-type": type = MIMEParameters(value)
    case "content-disposition": disposition = MIMEParameters(value)
    case "content-transfer-encoding":
      switch MIMEParameters(value).value {
      case "base64": encoding = .base64
      case "quoted-printable": encoding = .quotedPrintable
      default: encoding = .identity
      }
    default: break
    }
  }
}

extension MIMEParameters {
  fileprivate static var plain: MIMEParameters { Array("text/plain".utf8).withUnsafeBytes { MIMEParameters($0) } }
  fileprivate static var none: MIMEParameters { MIMEParameters(UnsafeRawBufferPointer(start: nil, count: 0)) }
}
