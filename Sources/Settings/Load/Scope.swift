// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The settings of one level, by name: the top level, or one block.
struct Scope {
  private(set) var settings: [String: ScopedValue] = [:]

  /// The last setting of a name wins, as in Postfix; a warning says so where both stand in one file, since overriding an included file is what
  /// includes are for.
  init(_ section: Section, files: any FileSource, diagnostics: inout [Diagnostic]) {
    for setting in section.settings {
      let name = setting.name.text
      if let earlier = settings[name], earlier.nameLocation.source === setting.name.start.source {
        let line = earlier.nameLocation.line
        diagnostics.append(.warning(setting.name, "`\(name)` is set twice; this one overrides line \(line)", hint: "remove one of the two lines"))
      }
      settings[name] = ScopedValue(setting, files: files, diagnostics: &diagnostics)
    }
  }

  init() {}

  /// As if `later` stood below.
  func overridden(by later: Scope) -> Scope {
    var both = self
    both.settings.merge(later.settings) { _, second in second }
    return both
  }
}

/// A value as its dialect reads it: unquoted, its comment taken off where that dialect has comments.
struct ScopedValue {
  let nameLocation: SourceLocation
  let text: LocatedText
  let expands: Bool
  /// True for `<file` of a file that cannot be read: there is no value to judge.
  private(set) var isMissing = false

  init(_ setting: Setting, files: any FileSource, diagnostics: inout [Diagnostic]) {
    nameLocation = setting.name.start
    let name = setting.name.text
    if setting.isDovecotValue {
      let value = DovecotValue(setting.rawValue)
      let path = Self.path(value, of: name)
      let contents = path.flatMap { Self.contents($0, files, &diagnostics) }
      isMissing = path != nil && contents == nil
      text = contents ?? value.text
      expands = value.expands && contents == nil
      diagnostics += value.diagnostics
    } else {
      let value = PostfixValue(setting.rawValue, type: Schema.anyDefinition(name)?.type)
      text = value.text
      expands = true
      diagnostics += value.diagnostics
    }
  }
}

extension ScopedValue {
  /// The longest value that a file can hold.
  static let maximumFileLength = 64 << 10

  /// Dovecot's `name = <file`: what the file holds is the value. A setting that names a file has that name with no `<`, and says so.
  fileprivate static func path(_ value: DovecotValue, of name: String) -> LocatedText? {
    guard !value.isQuoted, value.text.bytes.first == UInt8(ascii: "<"), let type = Schema.anyDefinition(name)?.type else { return nil }
    if case .path = type { return nil }
    return value.text[1...].trimmed
  }

  fileprivate static func contents(_ path: LocatedText, _ files: any FileSource, _ diagnostics: inout [Diagnostic]) -> LocatedText? {
    do throws(FileError) {
      let bytes = try files.read(path.text.beside(path.start.source.name), limit: maximumFileLength)
      var text = LocatedText(at: path.start)
      text.append(LocatedText(name: path.text, text: String(decoding: bytes, as: UTF8.self)).trimmed.bytes, standingFor: path.start)
      return text
    } catch {
      diagnostics.append(.error(path, "cannot read `\(path.text)`: \(error.reason)", hint: "`<` before a path means what the file holds"))
      return nil
    }
  }
}

/// A value by Postfix's rules: a `#` in it is no comment, which people forget.
struct PostfixValue {
  private(set) var text: LocatedText
  private(set) var diagnostics: [Diagnostic] = []

  init(_ raw: LocatedText, type: ValueType?) {
    text = raw
    guard let type, let hash = Self.comment(in: raw) else { return }
    let hint = "a comment stands on a line of its own, with the `#` as its first character"
    if case .text = type {
      diagnostics.append(.warning(raw[hash...], "`#` starts no comment here: it is part of the value", hint: hint))
    } else {
      diagnostics.append(.error(raw[hash...], "`#` starts no comment here: it would be part of the value", hint: hint))
      // The rest is checked as if the comment were none, so that the same slip is not reported twice.
      text = raw[..<hash].trimmed
    }
  }

  private static func comment(in raw: LocatedText) -> Int? {
    var depth = 0
    var previous: UInt8 = 0
    for (offset, byte) in raw.bytes.enumerated() {
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      if byte == UInt8(ascii: "#"), depth <= 0, offset == 0 || previous.isBlank { return offset }
      previous = byte
    }
    return nil
  }
}
