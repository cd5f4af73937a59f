// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Checks the names of settings and blocks: those that Weir has, those that it has not and can say so, and those that nobody knows.
struct NameChecker {
  private(set) var diagnostics: [Diagnostic] = []
  private var advice = SpellingAdvice()
  /// Names that some value refers to, and classes of restrictions. As in Postfix, they may be anybody's own.
  private let referenced: Set<String>

  init(_ section: Section) {
    var names: Set<String> = []
    Self.collect(section, into: &names)
    referenced = names
  }

  /// Returns the listener blocks that can be read.
  mutating func check(_ section: Section) -> [Block] {
    for setting in section.settings { check(setting, inListener: false) }
    var listeners: [Block] = []
    for block in section.blocks where check(block) { listeners.append(block) }
    checkListenerNames(listeners)
    return listeners
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
    } else if !referenced.contains(name) || !setting.name.isPlainName {
      checkUnlisted(setting)
    }
  }

  /// A name that follows a rule, unless it looks more like another one that is misspelt.
  private mutating func checkUnlisted(_ setting: Setting) {
    let name = setting.name.text
    if let family = Schema.familyName(name), advice.near(name) == nil { return report(setting, family) }
    let hint = advice.nearest(to: name).map { "did you mean `\($0)`?" }
    diagnostics.append(.error(setting.name, "unknown setting `\(name)`", hint: hint))
  }

  private mutating func report(_ setting: Setting, _ known: KnownName) {
    let message = "`\(known.name)` is \(known.origin.title)'s: it \(known.did)"
    let value = setting.rawValue.elements().map(\.text).joined(separator: " ")
    switch known.standing {
    case .missing where known.sameAs.contains(value):
      diagnostics.append(.warning(setting.name, "\(message); this value is what Weir does anyway", hint: "remove the line"))
    case .missing: diagnostics.append(.error(setting.name, "\(message), which Weir does not do", hint: known.instead))
    case .needless: diagnostics.append(.warning(setting.name, "\(message); it has no effect here", hint: known.instead))
    }
  }

  /// True for a listener block that can be read.
  private mutating func check(_ block: Block) -> Bool {
    guard block.kind.text == "listener" else {
      report(block)
      return false
    }
    if block.name == nil { diagnostics.append(.error(block.kind, "a `listener` block needs a name", hint: "listener smtp {")) }
    // In a block that was never closed anything may stand: its missing brace was reported.
    guard block.isClosed else { return false }
    for setting in block.section.settings { check(setting, inListener: true) }
    for inner in block.section.blocks {
      diagnostics.append(.error(inner.kind, "a `listener` block holds no blocks", hint: "close it with `}` before this line"))
    }
    return true
  }

  private mutating func report(_ block: Block) {
    let kind = block.kind.text
    if let known = KnownBlock.all.first(where: { $0.kind == kind }) {
      diagnostics.append(.error(block.kind, known.message, hint: known.hint))
    } else {
      let kinds = ["listener"] + KnownBlock.all.map(\.kind)
      let meant = Suggestion(kinds).nearest(to: kind).map { "did you mean `\($0)`?" }
      diagnostics.append(.error(block.kind, "unknown block `\(kind)`", hint: meant))
    }
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

  private static func collect(_ section: Section, into names: inout Set<String>) {
    for setting in section.settings {
      collect(setting.rawValue.bytes, into: &names)
      // postconf(5): each of these words is the name of a setting, a list of restrictions.
      if setting.name.text == "smtpd_restriction_classes" { names.formUnion(setting.rawValue.elements().map(\.text)) }
    }
    for block in section.blocks { collect(block.section, into: &names) }
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

/// A block that Weir knows of and does not have.
struct KnownBlock {
  let kind: String
  let message: String
  let hint: String

  static let all =
    [
      KnownBlock(kind: "stage", message: "`stage` blocks are not there yet", hint: "remove the block"),
      dovecot("service", "sets up one of its processes"), dovecot("passdb", "says where passwords are"),
      dovecot("userdb", "says where users and their mailboxes are", "use virtual_mailbox_maps"),
      dovecot("protocol", "holds the settings of one protocol"),
      dovecot("namespace", "lays out mailboxes"), dovecot("plugin", "holds the settings of plugins"), dovecot("dict", "names a dictionary"),
      dovecot("local", "holds settings for one local address", "use a `listener` block"), dovecot("remote", "holds settings for one client network"),
      dovecot("local_name", "holds settings for one TLS name", "use tls_server_sni_maps"), dovecot("metric", "counts events"),
      dovecot("oauth2", "sets up OAuth 2"), dovecot("sql", "names a database"), dovecot("ldap", "names a directory"),
    ]
    + [("unix_listener", "service"), ("inet_listener", "service"), ("fifo_listener", "service"), ("mailbox", "namespace")].map { kind, outer in
      KnownBlock(
        kind: kind, message: "`\(kind)` belongs inside a `\(outer)` block", hint: "\(outer) NAME { \(kind) … { } }; Weir's own is `listener NAME { }`"
      )
    }

  private static func dovecot(_ kind: String, _ did: String, _ hint: String = "not yet: remove the block") -> KnownBlock {
    KnownBlock(kind: kind, message: "`\(kind)` is Dovecot's block that \(did), which Weir does not do", hint: hint)
  }
}
