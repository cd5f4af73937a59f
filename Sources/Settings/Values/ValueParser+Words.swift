// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

extension ValueParser {
  mutating func parsePath(_ text: LocatedText) -> String? {
    guard text.bytes.first == UInt8(ascii: "<") else {
      warnAboutVariable(text)
      return text.text
    }
    report(.error(text, "expected a path, not `\(text.text)`", hint: "did you mean `\(text[1...].trimmed.text)`? This setting names the file itself"))
    return nil
  }

  /// `/var/vmail/%d/%n`, `%{home}/Maildir`
  private mutating func warnAboutVariable(_ text: LocatedText) {
    guard let percent = text.firstIndex(of: "%"), let next = text.bytes.dropFirst(percent + 1).first else { return }
    let isVariable =
      next == UInt8(ascii: "{") || "udnhs".utf8.contains(next) && text.bytes.dropFirst(percent + 2).first.map { !$0.isNameByte } ?? true
    guard isVariable else { return }
    let end = next == UInt8(ascii: "{") ? text.closingBrace(from: percent + 1) ?? text.count - 1 : percent + 1
    let variable = text[percent..<(end + 1)]
    report(.warning(variable, "`\(variable.text)` is Dovecot's; it stays as it is here", hint: "the tables say where the mailbox of each user is"))
  }

  mutating func parseChoice(_ text: LocatedText, of words: [String]) -> String? {
    if let word = words.first(where: { $0.lowercased() == text.text.lowercased() }) { return word }
    report(.error(text, "expected \(Self.list(words)), not `\(text.text)`", hint: Self.meant(text, words)))
    return nil
  }

  mutating func parseChoices(_ text: LocatedText, of words: [String]) -> [String]? {
    parseEach(text.elements()) { parser, element in parser.parseChoice(element, of: words) }
  }

  private static func meant(_ text: LocatedText, _ words: [String]) -> String? {
    Suggestion(words).nearest(to: text.text).map { "did you mean `\($0)`?" }
  }

  private static func list(_ words: [String]) -> String {
    let quoted = words.filter { !$0.isEmpty }.map { "`\($0)`" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.joined() }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
  }

  mutating func parseTables(_ text: LocatedText) -> [TableReference]? {
    parseEach(text.elements()) { parser, element in parser.parseTable(element) }
  }

  /// An alias file, or for some settings either that or another table.
  mutating func parseAliases(_ text: LocatedText) -> [TableReference]? {
    // Postfix's default names NIS as well, which hardly anybody has.
    let network = text.elements().filter { $0.text.hasPrefix("nis:") }
    for element in network { report(.warning(element, "there are no tables of NIS: this one is left out", hint: "export the map to a file")) }
    return parseEach(text.elements().filter { !$0.text.hasPrefix("nis:") }) { parser, element in parser.parseTable(element, form: .either) }
  }

  mutating func parseTable(_ element: LocatedText, form: TableReference.Form = .table) -> TableReference? {
    guard let written = parseTableReference(element)?.read(as: form) else { return nil }
    let reference = takesGroups ? written : written.withoutGroups
    tables.read(reference, mayWait: mayWait).diagnostics.forEach { report($0) }
    return reference
  }

  /// The rules are read to be judged, and not kept: the stage that performs them reads them itself.
  mutating func parseChecks(_ text: LocatedText, _ subject: CheckAction.Subject) -> [TableReference]? {
    parseEach(text.elements()) { parser, element in
      guard let reference = parser.parseTableReference(element, likely: .regexp) else { return nil }
      ContentChecks.read(reference, subject, files: parser.files).1.forEach { parser.report($0) }
      return reference
    }
  }

  /// `likely`: what is meant where only a path stands.
  private mutating func parseTableReference(_ element: LocatedText, likely: TableType = .hash) -> TableReference? {
    guard let reference = TableReference(element) else {
      let hint =
        element.bytes.first == UInt8(ascii: "/")
        ? "did you mean `\(likely.rawValue):\(element.text)`?" : "a table is `type:name`, such as `hash:/etc/postfix/virtual`"
      report(.error(element, "expected a table, not `\(element.text)`", hint: hint))
      return nil
    }
    return reference
  }

  /// `>=TLSv1.2`, `<=TLSv1.3`, `!SSLv3`, `TLSv1.2`
  mutating func parseTLSProtocols(_ text: LocatedText) -> String? {
    let elements = text.elements { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") || $0.isBlank }
    let names = parseEach(elements) { parser, element in
      let sign = ["!", ">=", "<="].first { element.text.hasPrefix($0) } ?? ""
      return parser.parseTLSProtocol(element[sign.utf8.count...].trimmed)
    }
    return names.map { _ in text.text }
  }

  private mutating func parseTLSProtocol(_ text: LocatedText) -> String? {
    // OpenSSL's other name for TLSv1, and protocols by number.
    let isNumber = text.text.hasPrefix("0x") && Int32(text.text.dropFirst(2), radix: 16) != nil
    if isNumber || text.text.lowercased() == "tlsv1.0" { return text.text }
    return parseChoice(text, of: ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
  }
}
