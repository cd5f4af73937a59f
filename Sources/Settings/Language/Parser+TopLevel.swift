// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Postfix's rules, as in main.cf: a line that starts with white space continues the one before, `#` starts a comment only as the first
/// character of a line, comments and empty lines do not end a continued line.
extension Parser {
  mutating func parseTopLevel(_ lines: inout LineReader, into section: inout Section) {
    while let line = lines.next() {
      if line.isBlankOrComment { continue }
      parseTopLevelLine(line, &lines, into: &section)
    }
  }

  private mutating func parseTopLevelLine(_ line: LocatedText, _ lines: inout LineReader, into section: inout Section) {
    let text = line.trimmed
    if parseInclude(text, into: &section) { return }
    if text.bytes.first == UInt8(ascii: "}") { return reportStrayBrace(text) }
    if let opening = BlockOpening(text) {
      parseBlock(opening, &lines, into: &section)
    } else {
      parseTopLevelSetting(line, &lines, into: &section)
    }
  }

  private mutating func parseTopLevelSetting(_ line: LocatedText, _ lines: inout LineReader, into section: inout Section) {
    let logical = joinContinuations(line, &lines)
    if let service = logical.masterService { return report(service) }
    guard let equals = logical.firstIndex(of: "=") else { return reportMissingEquals(logical, after: section.settings.last) }
    let name = logical[..<equals].trimmed
    warnAboutBackslash(logical[(equals + 1)...])
    guard checkName(name) else { return }
    section.entries.append(.setting(Setting(name: name, rawValue: logical[(equals + 1)...].trimmed, dialect: .postfix)))
  }

  private mutating func joinContinuations(_ line: LocatedText, _ lines: inout LineReader) -> LocatedText {
    var logical = line.trimmed
    let isDovecot = logical.firstIndex(of: "=").map { Schema.origin(of: logical[..<$0].trimmed.text) == .dovecot } ?? false
    while let next = lines.peek(), next.isBlankOrComment || next.startsWithBlank || isDovecot && logical.endsInBackslash {
      _ = lines.next()
      if isDovecot, logical.endsInBackslash { logical = logical[..<(logical.count - 1)].trimmed }
      if next.isBlankOrComment { continue }
      warnIfSettingIsContinuation(next.trimmed, of: logical)
      logical.append([UInt8(ascii: " ")], standingFor: next.start)
      logical.append(next.trimmed)
    }
    return logical
  }

  /// `#` in Dovecot's way, a setting that was indented: both become part of the value before them.
  private mutating func warnIfSettingIsContinuation(_ text: LocatedText, of logical: LocatedText) {
    guard logical.openBraces == 0 else { return }
    let isBlock = BlockOpening(text) != nil && text.bytes.last == UInt8(ascii: "{")
    guard isBlock || text.looksLikeSetting else { return }
    let name = logical.firstIndex(of: "=").map { logical[..<$0].trimmed.text } ?? logical.trimmed.text
    report(
      .warning(
        text, "this line starts with white space, so it continues the value of `\(name)`",
        hint: "remove the white space before it if it is a \(isBlock ? "block" : "setting") of its own"))
  }

  /// `\$` comes from pages written in Markdown.
  mutating func warnAboutBackslash(_ value: LocatedText) {
    guard let offset = zip(value.bytes, value.bytes.dropFirst()).enumerated().first(where: { $0.element == (0x5c, 0x24) })?.offset else { return }
    let name = String(decoding: value.bytes[(offset + 1)...].prefix { !$0.isBlank && $0 != UInt8(ascii: ",") }, as: UTF8.self)
    report(.warning(value[offset..<(offset + 2)], "the backslash stays in the value", hint: "write `\(name)`: `\\$` is a Markdown escape"))
  }

  /// Names have no blanks; what has some is one of the slips that tutorials are full of.
  private mutating func checkName(_ name: LocatedText) -> Bool {
    if name.isEmpty {
      report(.error(name, "a setting needs a name before the `=`"))
    } else if name.bytes.contains(where: \.isBlank) {
      report(.error(name, "missing `=` after `\(name.firstWord)`: a name has no blanks", hint: advice.forNameWithBlanks(name.text)))
    } else {
      return true
    }
    return false
  }

  private mutating func reportMissingEquals(_ logical: LocatedText, after previous: Setting?) {
    let text = logical.trimmed
    if text.bytes.first == UInt8(ascii: ":") {
      return report(.error(text, "this looks like an editor command, not a setting", hint: "remove the line"))
    }
    let continuesList = previous?.rawValue.bytes.last == UInt8(ascii: ",") || text.bytes.first == UInt8(ascii: "$")
    let hint =
      continuesList
      ? "a continuation line starts with white space: put a blank before `\(text.firstWord)`" : advice.forLineWithoutEquals(text.text)
    report(.error(text, "missing `=` after `\(text.firstWord)`", hint: hint))
  }

  private mutating func reportStrayBrace(_ text: LocatedText) {
    report(.error(text[0..<1], "`}` without a block to close", hint: "to continue a value, start the line with white space"))
  }
}

extension LocatedText {
  var endsInBackslash: Bool { bytes.last == UInt8(ascii: "\\") }

  /// What to say of a line of Postfix's master.cf: `submission inet n - y - - smtpd -o …`.
  fileprivate var masterService: Diagnostic? {
    let words = bytes.split(whereSeparator: \.isBlank).prefix(8).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 8, ["inet", "unix", "fifo", "pass", "unix-dgram"].contains(words[1]) else { return nil }
    let isListener = words[1] == "inet" && words[7] == "smtpd"
    let hint = "a port is opened by a block: listener \(words[0]) { port = \(words[0]) }, with a setting on each line for every -o"
    return .error(
      self, "this is a line of Postfix's master.cf",
      hint: isListener ? hint : "Weir has no such services; `weir import /etc/postfix` translates what it can")
  }

  var firstWord: String {
    String(decoding: bytes.prefix { !$0.isBlank }, as: UTF8.self)
  }

  var openBraces: Int {
    bytes.reduce(0) { $1 == UInt8(ascii: "{") ? $0 + 1 : $1 == UInt8(ascii: "}") ? max(0, $0 - 1) : $0 }
  }

  /// `name = value` or `name=value`
  var looksLikeSetting: Bool {
    guard let equals = firstIndex(of: "=") else { return false }
    let name = self[..<equals]
    let isSpaced = name.bytes.last?.isBlank ?? false
    return isSpaced ? bytes.dropFirst(equals + 1).first?.isBlank ?? true : name.isPlainName
  }

  /// ASCII letters, digits and underscores.
  var isPlainName: Bool { !isEmpty && bytes.allSatisfy(\.isNameByte) }
}

extension UInt8 {
  var isNameByte: Bool {
    self == UInt8(ascii: "_") || (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
  }
}
