// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Checks the names of settings and blocks: those that Weir has, those that it has not and can say so, and those that nobody knows.
struct NameChecker {
  private(set) var diagnostics: [Diagnostic] = []
  private var advice = SpellingAdvice()
  /// Names that some value refers to, and classes of restrictions. As in Postfix, they may be anybody's own.
  private let referenced: Set<String>
  /// The names of tables that are set up by further settings.
  private let tables: Set<String>

  init(_ section: Section) {
    var names: Set<String> = []
    var tables: Set<String> = []
    Self.collect(section, into: &names, &tables)
    referenced = names
    self.tables = tables
  }

  /// Returns the blocks that can be read, by kind: `listener` and `protocol`.
  mutating func check(_ section: Section) -> [String: [Block]] {
    for setting in section.settings { check(setting, inListener: false) }
    var blocks: [String: [Block]] = [:]
    for block in section.blocks where check(block) { blocks[block.kind.text, default: []].append(block) }
    checkListenerNames(blocks["listener"] ?? [])
    return blocks
  }

  private mutating func check(_ setting: Setting, inListener: Bool) {
    let name = setting.name.text
    if Schema.definition(name, inListener: inListener) != nil { return }
    if Schema.definition(name) != nil {
      diagnostics.append(.error(setting.name, "`\(name)` is for the whole server, not for one listener", hint: "move the line to the top level"))
    } else if Schema.definition(name, inListener: true) != nil {
      diagnostics.append(.error(setting.name, "`\(name)` is for one listener", hint: "put it in a block: listener smtp { \(name) = … }"))
    } else if let known = Schema.knownName(name) {
      report(setting, known)
    } else if !referenced.contains(name) || !setting.name.isPlainName, !isOfTable(name) {
      checkUnlisted(setting)
    }
  }

  /// Postfix, ldap_table(5): the settings of `ldap:NAME` may stand in main.cf as `NAME_server_host` and so on.
  private func isOfTable(_ name: String) -> Bool { tables.contains { name.hasPrefix($0 + "_") } }

  /// A name that follows a rule, unless it looks more like another one that is misspelt.
  private mutating func checkUnlisted(_ setting: Setting) {
    let name = setting.name.text
    if let family = Schema.familyName(name), advice.near(name) == nil { return report(setting, family) }
    let hint = advice.nearest(to: name).map { "did you mean `\($0)`?" }
    let own = setting.name.isPlainName ? "a name of your own must be used by some other setting, as `$\(name)`" : nil
    diagnostics.append(.error(setting.name, "unknown setting `\(name)`", hint: hint ?? own))
  }

  private mutating func report(_ setting: Setting, _ known: KnownName) {
    let text = setting.isDovecotValue ? DovecotValue(setting.rawValue).text : setting.rawValue
    diagnostics.append(known.diagnostic(setting.name, value: text.elements().map(\.text).joined(separator: " ")))
  }

  /// True for a block that can be read.
  private mutating func check(_ block: Block) -> Bool {
    let isProtocol = block.kind.text == "protocol" && ListenerProtocol(rawValue: block.name?.text ?? "") != nil
    if block.kind.text == "stage" || block.kind.text == "transport" { return checkFlat(block) }
    guard block.kind.text == "listener" || isProtocol else {
      checkForeign(block)
      return false
    }
    if block.name == nil { diagnostics.append(.error(block.kind, "a `listener` block needs a name", hint: "listener smtp {")) }
    // In a block that was never closed anything may stand: its missing brace was reported.
    guard block.isClosed else { return false }
    for setting in block.section.settings where !isProtocol || isForAnyListener(setting) { check(setting, inListener: true) }
    for inner in block.section.blocks { checkInner(inner, of: block) }
    return true
  }

  /// In a stage, names that are not Weir's own are for the plugin to know; in a transport, its reader looks at them.
  private mutating func checkFlat(_ block: Block) -> Bool {
    let kind = block.kind.text
    let example = kind == "stage" ? "stage lottery {" : "transport maildrop {"
    if block.name == nil { diagnostics.append(.error(block.kind, "a `\(kind)` block needs a name", hint: example)) }
    for inner in block.section.blocks {
      diagnostics.append(.error(inner.kind, "a `\(kind)` block holds no blocks", hint: "close it with `}` before this line"))
    }
    return block.isClosed
  }

  private mutating func checkForeign(_ block: Block) {
    var foreign = ForeignBlockChecker(advice)
    foreign.check(block)
    diagnostics += foreign.diagnostics
    advice = foreign.advice
  }

  /// Dovecot's `protocol lmtp { mail_plugins { sieve = yes } }`
  private mutating func checkInner(_ inner: Block, of block: Block) {
    if block.kind.text == "protocol", Schema.origin(of: inner.kind.text) == .dovecot { return checkForeign(inner) }
    diagnostics.append(.error(inner.kind, "a `\(block.kind.text)` block holds no blocks", hint: "close it with `}` before this line"))
  }

  private mutating func isForAnyListener(_ setting: Setting) -> Bool {
    guard Schema.anyDefinition(setting.name.text)?.place == .listener else { return true }
    diagnostics.append(
      .error(setting.name, "`\(setting.name.text)` is for one listener, not for all of a protocol", hint: "put it in a `listener` block"))
    return false
  }

  private mutating func checkListenerNames(_ listeners: [Block]) {
    var seen: [String: LocatedText] = [:]
    for name in listeners.compactMap(\.name) {
      if let earlier = seen[name.text] {
        diagnostics.append(.error(name, "there are two listeners `\(name.text)`; the other is in line \(earlier.start.line)"))
      }
      seen[name.text] = name
    }
  }

  private static func collect(_ section: Section, into names: inout Set<String>, _ tables: inout Set<String>) {
    for setting in section.settings {
      tables.formUnion(setting.rawValue.elements().compactMap(tableName))
      collect(setting.rawValue.bytes, into: &names)
      // postconf(5): each of these words is the name of a setting, a list of restrictions.
      if setting.name.text == "smtpd_restriction_classes" { names.formUnion(setting.rawValue.elements().map(\.text)) }
    }
    for block in section.blocks { collect(block.section, into: &names, &tables) }
  }

  /// NAME of `ldap:NAME`, of the types that take their settings from main.cf.
  private static func tableName(_ element: LocatedText) -> String? {
    guard let reference = TableReference(element), reference.name.isPlainName else { return nil }
    return ["ldap", "mysql", "pgsql", "sqlite", "memcache"].contains(reference.type.text) ? reference.name.text : nil
  }

  /// `$name`, `${name`, `$(name`
  private static func collect(_ bytes: [UInt8], into names: inout Set<String>) {
    for part in bytes.split(separator: UInt8(ascii: "$")).dropFirst(bytes.first == UInt8(ascii: "$") ? 0 : 1) {
      let isOpened = part.first == UInt8(ascii: "{") || part.first == UInt8(ascii: "(")
      let name = part.dropFirst(isOpened ? 1 : 0).prefix(while: \.isNameByte)
      if !name.isEmpty { names.insert(String(decoding: name, as: UTF8.self)) }
    }
  }
}
