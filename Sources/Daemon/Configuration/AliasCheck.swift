// SPDX-License-Identifier: Apache-2.0
import Delivery
import Diagnostics
import Queue
import Runtime
import SMTP
import Settings
import Tables

extension Setup {
  /// Whether plugins answer for aliases, or say which domains are ours.
  var hasSlowAliases: Bool {
    relayPolicy()?.asksSlowly == true || [Keys.aliasMaps, Keys.virtualAliasMaps].contains { !tables(configuration[$0]).externals.isEmpty }
  }
}

/// Whether aliases lead somewhere: circles, and those whom nobody knows. Asks the system for users, so it is for commands only.
struct AliasCheck {
  /// One line of a table.
  private struct Entry {
    let key: String
    let table: Table
    let targets: [AliasTarget]
  }

  private let setup: Setup
  private let files: any FileSource
  private let policy: RelayPolicy
  private let local: LocalAliases
  private let virtual: VirtualAliases
  private let users: UserDirectory
  private let isAnsweredElsewhere: Bool
  private var sources: [String: SourceText] = [:]
  private var known: [String: Bool] = [:]
  /// Of the aliases that are looked at.
  private var names: Set<String> = []
  private var found: [Diagnostic] = []

  /// More of them nobody reads.
  private static let most = 100
  /// Users that are asked for: a database behind a network may take its time.
  private static let mostUsers = 5000

  /// Of alias_maps and virtual_alias_maps.
  static func diagnostics(_ setup: Setup, _ files: any FileSource) -> [Diagnostic] {
    guard var check = AliasCheck(setup, files) else { return [] }
    return check.run(check.entries(Keys.aliasMaps), check.entries(Keys.virtualAliasMaps))
  }

  /// Of one table of local aliases.
  static func diagnostics(_ setup: Setup, _ files: any FileSource, aliases: Table) -> [Diagnostic] {
    guard var check = AliasCheck(setup, files) else { return [] }
    return check.run(entries(of: aliases), [])
  }

  private init?(_ setup: Setup, _ files: any FileSource) {
    guard let policy = setup.relayPolicy() else { return nil }
    self.setup = setup
    self.files = files
    self.policy = policy
    local = setup.localAliases(policy)
    virtual = setup.virtualAliases(policy)
    users = UserDirectory(setup)
    isAnsweredElsewhere = setup.hasSlowAliases
  }

  private mutating func run(_ aliases: [Entry], _ virtuals: [Entry]) -> [Diagnostic] {
    names = Set(aliases.map(\.key))
    // `domain anything` says that the domain is one of virtual_alias_domains.
    let virtuals = virtuals.filter { [policy] entry in
      entry.key.contains("@") || !policy.isAliasDomain(entry.key)
    }
    findCircles(aliases) { [self] in $0.isLocal ? alias($0.address) : nil }
    findCircles(virtuals) { $0.address.lowercased() }
    for entry in aliases + virtuals {
      for target in entry.targets where found.count < Self.most { look(at: target, in: entry) }
    }
    return found
  }

  private func entries(_ key: Key<[TableReference]>) -> [Entry] {
    setup.tables(setup.configuration[key]).tables.flatMap(Self.entries(of:))
  }

  private static func entries(of table: Table) -> [Entry] {
    table.entries.map { Entry(key: $0.key, table: table, targets: AliasTarget.list($0.value)) }
  }

  /// The alias that an address of ours stands for; nil if it is none.
  private func alias(_ address: String) -> String? {
    if let found = local.find(address)?.name { return found }
    let name = LocalAliases.local(of: address).lowercased()
    return [name, local.base(of: name)].compactMap(\.self).first(where: names.contains)
  }

  // MARK: circles

  private mutating func findCircles(_ entries: [Entry], _ name: (LocalAliases.Destination) -> String?) {
    let own = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
    let targets = own.mapValues { entry in
      entry.targets.compactMap { target -> String? in
        guard case .address(let text) = target, !text.hasPrefix("\\"), !text.hasPrefix("@") else { return nil }
        return name(local.resolve(text))
      }
    }
    for circle in AliasCircles.find(entries.map(\.key), leadingTo: targets) where found.count < Self.most {
      guard let first = circle.first, let entry = own[first] else { continue }
      let way = (circle + [first]).map { "`\($0)`" }.joined(separator: " leads to ")
      report(entry, "these lead to each other and to nobody else's mailbox: \(way)", hint: "one of them must name somebody")
    }
  }

  // MARK: who is not there

  private mutating func look(at target: AliasTarget, in entry: Entry) {
    switch target {
    case .address(let text): lookForUser(text, entry)
    case .command(let command): lookForProgram(command, entry)
    case .file(let path): lookForFolder(path, entry)
    case .include(let path):
      do throws(FileError) {
        _ = try files.read(path, limit: 16 << 20)
      } catch {
        report(entry, "`:include:\(path)` cannot be read: \(error.reason)", hint: "mail for `\(entry.key)` is refused until it can")
      }
    }
  }

  private mutating func lookForUser(_ text: String, _ entry: Entry) {
    // Tables of plugins are not open while a configuration is checked.
    if text.hasPrefix("~") || text.hasPrefix("@") || isAnsweredElsewhere { return }
    let isFinal = text.hasPrefix("\\")
    let end = local.resolve(isFinal ? String(text.dropFirst()) : text)
    if virtual.has(end.address) { return }
    if end.isLocal, knowsUsers, isFinal || alias(end.address) == nil, !isUser(end.address) {
      report(entry, "`\(text)` is nobody: there is no such alias and no such user", hint: "mail for it comes back to its sender")
    } else if end.isVirtual, knowsMailboxes, !users.hasVirtual(end.address) {
      report(entry, "`\(end.address)` is nobody: it is not in virtual_mailbox_maps", hint: "mail for it comes back to its sender")
    } else if policy.isAliasDomain(LocalAliases.domain(of: end.address)) {
      report(entry, "`\(end.address)` is nobody: it is not in virtual_alias_maps", hint: "mail for it comes back to its sender")
    }
  }

  /// Mail for others than users of the system comes back.
  private var knowsUsers: Bool {
    let configuration = setup.configuration
    let elsewhere = [Keys.luserRelay, Keys.mailboxTransport, Keys.fallbackTransport].contains { !configuration[$0].isEmpty }
    return !elsewhere && configuration[Keys.mailboxTransportMaps].isEmpty && configuration[Keys.fallbackTransportMaps].isEmpty
      && TransportText(configuration[Keys.localTransport]).transport == "local"
  }

  private var knowsMailboxes: Bool {
    TransportText(setup.configuration[Keys.virtualTransport]).transport == "virtual" && setup.virtualMailboxMaps.externals.isEmpty
  }

  private mutating func isUser(_ address: String) -> Bool {
    let name = LocalAliases.local(of: address).lowercased()
    if let answer = known[name] { return answer }
    guard known.count < Self.mostUsers else { return true }
    let answer = (try? users.isUser(address, .local, now: wallClock())) ?? true
    known[name] = answer
    return answer
  }

  /// The program is the first word, where no shell has to find it.
  private mutating func lookForProgram(_ command: String, _ entry: Entry) {
    let word = String(command.prefix { $0 != " " && $0 != "\t" })
    guard word.hasPrefix("/"), word.allSatisfy({ !"$`'\"\\;&|<>(){}*?".contains($0) }), Machine.findProgram(word) == nil else { return }
    report(entry, "there is no program `\(word)` that can be run", hint: "mail for `\(entry.key)` waits until there is")
  }

  private mutating func lookForFolder(_ path: String, _ entry: Entry) {
    let whole = path.hasSuffix("/") ? path.dropLast() : path[...]
    guard let slash = whole.lastIndex(of: "/"), slash != whole.startIndex else { return }
    let folder = String(whole[..<slash])
    if (try? LinuxDisk().status(folder, at: nil)) == nil {
      report(entry, "there is no folder `\(folder)`", hint: "mail for `\(entry.key)` waits until there is")
    }
  }

  // MARK: where

  private mutating func report(_ entry: Entry, _ message: String, hint: String) {
    found.append(Diagnostic(.warning, place(entry), length: max(1, entry.key.utf8.count), message, hint: hint))
  }

  /// The line of the table; nil for one that stands in the configuration.
  private mutating func place(_ entry: Entry) -> SourceLocation? {
    guard let path = entry.table.path,
      let place = Array(entry.key.utf8).withUnsafeBufferPointer({ entry.table.answer(for: $0) })?.place,
      let line = place.split(separator: ":").last.flatMap({ Int($0) })
    else { return nil }
    let source = sources[path] ?? (try? files.read(path, limit: Table.maximumLength)).map { SourceText(name: path, bytes: $0) }
    sources[path] = source
    return source.map { SourceLocation($0, offset: $0.lineRange(line - 1).lowerBound) }
  }
}
