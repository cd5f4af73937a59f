// SPDX-License-Identifier: Apache-2.0

/// A statement in which the key is a parameter, made of Postfix's `query`.
///
/// Postfix puts the key into the text of the statement, with its quotes doubled, and has it read anew for each look-up. Here `'%u@%d'` becomes one parameter, whose value is
/// a text whatever stands in it: no key can end it. Without quotes, a key that is a number is a number, and any other a text. What cannot be a parameter is refused.
struct Query: Equatable {
  struct Parameter: Equatable {
    var template: Template
    /// It stood in quotes: always a text.
    let isQuoted: Bool
  }

  private(set) var sql: [UInt8] = []
  private(set) var parameters: [Parameter] = []

  var placeholders: [Placeholder] { parameters.flatMap(\.template.placeholders) }

  init(_ text: String) throws(TemplateError) {
    var reader = Reader(Array(text.utf8))
    try reader.read()
    (sql, parameters) = (reader.sql, reader.parameters)
  }

  /// Reads SQL as far as it must know what is a literal, a name or a comment.
  private struct Reader {
    private let text: [UInt8]
    private var index = 0
    private(set) var sql: [UInt8] = []
    private(set) var parameters: [Parameter] = []

    init(_ text: [UInt8]) { self.text = text }

    mutating func read() throws(TemplateError) {
      while let byte = next() {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): try readQuoted(byte)
        case UInt8(ascii: "`"): try copy(until: "`")
        case UInt8(ascii: "["): try copy(until: "]")
        case UInt8(ascii: "-") where peek == byte: try copy(until: "\n")
        case UInt8(ascii: "/") where peek == UInt8(ascii: "*"): try copy(until: "*/")
        case UInt8(ascii: "%"): try readBare()
        default: sql.append(byte)
        }
      }
    }

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func next() -> UInt8? {
      guard let byte = peek else { return nil }
      index += 1
      return byte
    }

    private mutating func placeholder() throws(TemplateError) -> Placeholder? { try Template.afterPercent(next(), option: "query") }

    /// `'…'`, and `"…"`, which SQLite takes for a text where no column has that name.
    private mutating func readQuoted(_ quote: UInt8) throws(TemplateError) {
      let isBlob = quote == UInt8(ascii: "'") && isBlobPrefix
      var (template, source) = (Template(), [quote])
      while let byte = next() {
        if byte == quote, peek != quote {
          guard !template.placeholders.isEmpty else { return sql += source + [quote] }
          if isBlob { throw TemplateError("query: a key cannot stand in a blob") }
          return add(template, isQuoted: true)
        }
        // A doubled quote is one.
        if byte == quote { index += 1 }
        source += byte == quote ? [quote, quote] : [byte]
        guard byte == UInt8(ascii: "%") else {
          template.append(byte)
          continue
        }
        if let found = try placeholder() { template.append(found) } else { template.append(byte) }
      }
      throw TemplateError("query: a quote is not closed")
    }

    /// `x` alone before a quote.
    private var isBlobPrefix: Bool {
      guard let last = sql.last, last | 0x20 == UInt8(ascii: "x") else { return false }
      return !(sql.dropLast().last?.isWordByte ?? false)
    }

    private mutating func readBare() throws(TemplateError) {
      let isGlued = sql.last?.isWordByte ?? false
      guard let found = try placeholder() else { return sql.append(UInt8(ascii: "%")) }
      guard !isGlued, !(peek?.isWordByte ?? false), peek != UInt8(ascii: "%") else {
        throw TemplateError("query: a key can be a value, not a part of a name: write '%s', '%u@%d' and the like, in quotes")
      }
      var template = Template()
      template.append(found)
      add(template, isQuoted: false)
    }

    private mutating func add(_ template: Template, isQuoted: Bool) {
      parameters.append(Parameter(template: template, isQuoted: isQuoted))
      sql += Array("?\(parameters.count)".utf8)
    }

    /// A name or a comment, in which no key can stand.
    private mutating func copy(until end: StaticString) throws(TemplateError) {
      let end = UnsafeBufferPointer(start: end.utf8Start, count: end.utf8CodeUnitCount)
      sql.append(text[index - 1])
      let begin = sql.count
      while let byte = next() {
        if byte == UInt8(ascii: "%"), try placeholder() != nil {
          throw TemplateError("query: a key can be a value, not a part of a name or a comment")
        }
        sql.append(byte)
        if sql.count - begin >= end.count, sql.suffix(end.count).elementsEqual(end) { return }
      }
    }
  }
}

extension UInt8 {
  /// What names and numbers of SQL are made of.
  fileprivate var isWordByte: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
      UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}
