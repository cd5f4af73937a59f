// SPDX-License-Identifier: Apache-2.0
import Diagnostics

// Tables: what a key stands for.
//
// A `TableReference` is the `type:name` that a setting holds. A `Table` is one that was read; a `TableList` asks several in turn, by plain key
// or by address as Postfix's virtual(8) and local(8) do. Nothing here opens a file: texts come through a `FileSource`.

/// `type:name` as in `hash:/etc/postfix/virtual` or `inline:{ a = b }`.
package struct TableReference: Sendable {
  package let type: LocatedText
  package let name: LocatedText
  /// True after `lenient:`, Weir's word: a rule that Postfix would leave out with a warning is left out with a warning, and one that matches everything is
  /// no error.
  package private(set) var isLenient = false
  /// False where a match must put nothing into the answer of a pattern: Postfix's DICT_FLAG_NO_REGSUB.
  package private(set) var takesGroups = true
  /// How a file of it is written.
  package private(set) var form = Form.table

  package enum Form: String, Sendable {
    /// `key value`
    case table
    /// `name: target, target`, as aliases(5)
    case aliases
    /// As its first entry has it.
    case either
  }

  /// Nil unless the text starts with a word and a colon. `proxy:` before it means nothing here: tables are shared between sessions anyway.
  package init?(_ text: LocatedText) {
    guard let colon = text.bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, text.bytes[..<colon].allSatisfy(\.isTypeByte) else { return nil }
    let rest = text[(colon + 1)...]
    let word = text[..<colon].text
    if word == "proxy" || word == "lenient", let inner = TableReference(rest) {
      self = inner
      if word == "lenient" { isLenient = true }
    } else {
      type = text[..<colon]
      name = rest
    }
  }

  /// The same with its file read as this.
  package func read(as form: Form) -> TableReference {
    var copy = self
    if isFile { copy.form = form }
    return copy
  }

  /// The same where `$1` in an answer is a mistake.
  package var withoutGroups: TableReference {
    var copy = self
    if TableType(rawValue: type.text)?.isPattern == true { copy.takesGroups = false }
    return copy
  }

  private var isFile: Bool { !isInline && TableType(rawValue: type.text)?.isText == true }

  package var description: String { "\(type.text):\(name.text)" }

  /// As it can be written in a setting, to mean the same.
  package var written: String { (isLenient ? "lenient:" : "") + description }

  /// The same for two references that name the same table.
  var identity: String {
    let isText = TableType(rawValue: type.text)?.isText ?? false
    if form != .table { return "\(form.rawValue):\(name.text)" }
    return (takesGroups ? "" : "plain:") + (isLenient ? "lenient:" : "") + (isText ? "text" : type.text) + ":" + name.text
  }

  /// Whether the table itself stands in braces after its type.
  var isInline: Bool { name.bytes.first { !$0.isBlank } == UInt8(ascii: "{") }
}

extension UInt8 {
  fileprivate var isTypeByte: Bool {
    (0x30...0x39).contains(self) || (0x61...0x7a).contains(self) || (0x41...0x5a).contains(self) || self == UInt8(ascii: "_")
  }
}
