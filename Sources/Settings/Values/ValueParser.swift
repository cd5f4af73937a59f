// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Checks expanded text against the type of its setting.
struct ValueParser {
  let tables: TableReader
  /// The names of smtpd_restriction_classes.
  var classes: Set<String> = []
  /// Whether whoever asks the tables of this setting can wait for their answers.
  var mayWait = false
  /// Whether `$1` can stand in the answers of patterns.
  var takesGroups = true
  private(set) var diagnostics: [Diagnostic] = []

  init(tables: TableReader) { self.tables = tables }

  var files: any FileSource { tables.files }

  mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  /// Nil if there was an error.
  mutating func parse(_ text: LocatedText, as type: ValueType) -> ParsedValue? {
    switch type {
    case .boolean: parseBoolean(text).map(ParsedValue.boolean)
    case .integer(let range): parseInteger(text, in: range).map(ParsedValue.integer)
    case .duration(let unit, let range): parseDuration(text, unit: unit, seconds: range).map(ParsedValue.duration)
    case .byteCount(let range): parseByteCount(text, in: range).map { .byteCount(ByteCount($0)) }
    case .number: parseNumber(text).map(ParsedValue.number)
    case .feedback: parseFeedback(text).map(ParsedValue.feedback)
    case .text: .text(text.text)
    case .path: parsePath(text).map(ParsedValue.text)
    case .hostName: parseHostName(text).map(ParsedValue.text)
    case .hostNameOrFile: parseHostNameOrFile(text).map(ParsedValue.text)
    case .address: parseOptionalAddress(text).map(ParsedValue.text)
    case .words: .words(text.elements().map(\.text))
    case .choice(let words): parseChoice(text, of: words).map(ParsedValue.text)
    case .choices(let words): parseChoices(text, of: words).map(ParsedValue.words)
    case .networks: parsePatterns(text, .networks).map(ParsedValue.patterns)
    case .commands: parsePatterns(text, .words).map(ParsedValue.patterns)
    case .accessList: parsePatterns(text, .access).map(ParsedValue.patterns)
    case .clients: parsePatterns(text, .clients).map(ParsedValue.patterns)
    case .domains: parsePatterns(text, .domains).map(ParsedValue.patterns)
    case .interfaces: parseInterfaces(text).map(ParsedValue.interfaces)
    case .nameServers: parseNameServers(text).map(ParsedValue.nameServers)
    case .port: parsePort(text).map(ParsedValue.integer)
    case .tables: parseTables(text).map(ParsedValue.tables)
    case .aliases: parseAliases(text).map(ParsedValue.tables)
    case .cacheMap: parseCacheMap(text).map(ParsedValue.text)
    case .checks(let subject): parseChecks(text, subject).map(ParsedValue.tables)
    case .restrictions(let point): .restrictions(parseRestrictions(text, point))
    case .tlsProtocols: parseTLSProtocols(text).map(ParsedValue.text)
    case .mode: parseMode(text).map(ParsedValue.integer)
    }
  }

  /// Parses each element and gives up the list if one is wrong, after all were looked at.
  mutating func parseEach<Element>(_ elements: [LocatedText], _ parse: (inout ValueParser, LocatedText) -> Element?) -> [Element]? {
    let parsed = elements.map { parse(&self, $0) }
    return parsed.contains { $0 == nil } ? nil : parsed.compactMap(\.self)
  }
}
