// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Dovecot's rules, inside braces: a setting per line, white space at the start of a line means nothing, `#` starts a comment anywhere outside
/// quotes, a `\` at the end of a line joins the next one.
extension Parser {
  mutating func parseBlock(_ opening: BlockOpening, _ lines: inout LineReader, into section: inout Section) {
    guard checkDepth(opening) else { return skipBlock(opening, &lines) }
    var body = Section()
    blockDepth += 1
    let closing = parseRest(of: opening, into: &body) ?? parseBody(&lines, into: &body)
    blockDepth -= 1
    if closing == nil { reportUnclosed(opening) }
    guard checkHead(opening) else { return }
    let name = opening.name.isEmpty ? nil : DovecotValue(opening.name).text
    section.entries.append(.block(Block(kind: opening.kind, name: name, section: body, closing: closing)))
  }

  /// Reads lines until the closing brace and answers its place; nil if the text ends before it.
  mutating func parseBody(_ lines: inout LineReader, into section: inout Section) -> SourceLocation? {
    while let line = nextJoined(&lines) {
      let text = line.trimmed
      if text.isBlankOrComment { continue }
      if text.bytes.first == UInt8(ascii: "}") {
        checkAfterBrace(text[1...].trimmed)
        return text.start
      }
      parseBodyLine(text, &lines, into: &section)
    }
    return nil
  }

  private mutating func parseBodyLine(_ text: LocatedText, _ lines: inout LineReader, into section: inout Section) {
    if parseInclude(text, into: &section) { return }
    if let opening = BlockOpening(text) {
      parseBlock(opening, &lines, into: &section)
    } else {
      parseBodySetting(text, into: &section)
    }
  }

  private mutating func parseBodySetting(_ text: LocatedText, into section: inout Section) {
    guard let equals = text.firstIndex(of: "=") else {
      return report(.error(text, "missing `=` after `\(text.firstWord)`", hint: "inside braces each line is `name = value`, a block, or `}`"))
    }
    let name = text[..<equals].trimmed
    warnAboutBackslash(text[(equals + 1)...])
    if name.isEmpty {
      report(.error(text, "a setting needs a name before the `=`"))
    } else if name.bytes.contains(where: \.isBlank) {
      report(.error(name, "missing `=` after `\(name.firstWord)`: a name has no blanks", hint: advice.forNameWithBlanks(name.text)))
    } else {
      section.entries.append(.setting(Setting(name: name, rawValue: text[(equals + 1)...].trimmed, dialect: .dovecot)))
    }
  }

  /// `listener smtp { port = 25 }`: the closing brace, if the block ends on the line it began.
  private mutating func parseRest(of opening: BlockOpening, into section: inout Section) -> SourceLocation? {
    let rest = opening.rest
    if rest.isBlankOrComment { return nil }
    guard rest.bytes.last == UInt8(ascii: "}") else {
      report(.error(rest, "text after `{`", hint: "start a new line after the brace"))
      return nil
    }
    let inner = rest[..<(rest.count - 1)].trimmed
    if !inner.isEmpty { parseBodySetting(inner, into: &section) }
    return rest.location(at: rest.count - 1)
  }

  private mutating func nextJoined(_ lines: inout LineReader) -> LocatedText? {
    guard var joined = lines.next() else { return nil }
    while !joined.isBlankOrComment, joined.trimmed.bytes.last == UInt8(ascii: "\\"), let next = lines.next() {
      let kept = joined.trimmed
      joined = kept[..<(kept.count - 1)]
      joined.append([UInt8(ascii: " ")], standingFor: next.start)
      joined.append(next.trimmed)
    }
    return joined
  }

  private mutating func checkAfterBrace(_ rest: LocatedText) {
    if !rest.isBlankOrComment { report(.error(rest, "text after `}`", hint: "start a new line after the brace")) }
  }

  private mutating func checkHead(_ opening: BlockOpening) -> Bool {
    if opening.kind.isEmpty {
      report(.error(opening.kind, "a block needs a word before the `{`"))
      return false
    }
    let isQuoted = opening.name.bytes.first == UInt8(ascii: "\"")
    guard isQuoted || !opening.name.bytes.contains(where: \.isBlank) else {
      report(.error(opening.name, "the name of a block has no blanks", hint: "put it in double quotes"))
      return false
    }
    return true
  }

  private mutating func reportUnclosed(_ opening: BlockOpening) {
    let head = opening.name.isEmpty ? opening.kind.text : "\(opening.kind.text) \(opening.name.text)"
    report(.error(opening.kind, "missing `}`: the block `\(head) {` begins here and is never closed"))
  }

  private mutating func checkDepth(_ opening: BlockOpening) -> Bool {
    guard blockDepth >= Self.maximumBlockDepth else { return true }
    report(.error(opening.kind, "more than \(Self.maximumBlockDepth) blocks inside each other"))
    return false
  }

  private mutating func skipBlock(_ opening: BlockOpening, _ lines: inout LineReader) {
    var depth = max(0, 1 + opening.rest.openBraces - (opening.rest.bytes.last == UInt8(ascii: "}") ? 1 : 0))
    while depth > 0, let line = lines.next() {
      if line.isBlankOrComment { continue }
      if line.trimmed.bytes.first == UInt8(ascii: "}") { depth -= 1 }
      if BlockOpening(line.trimmed)?.rest.isBlankOrComment ?? false { depth += 1 }
    }
  }
}
