// SPDX-License-Identifier: Apache-2.0
import Tables

/// All that an alias stands for, as it is found out at its delivery: local(8).
struct AliasExpansion {
  /// A command or a file, and where it is named.
  struct Action: Equatable {
    let target: AliasTarget
    /// The alias file; nil for another table.
    let path: String?
    /// `:include:` has named it.
    let isIncluded: Bool
  }

  private(set) var actions: [Action] = []
  private(set) var addresses: [LocalAliases.Destination] = []
  /// The sender for who it is sent on to; nil: as before.
  private(set) var owner: String?
  /// Why it cannot be found out.
  private(set) var failure: ProgramOutcome?

  private let aliases: LocalAliases
  private let readFile: (String) -> Result<String, ProgramPlaceError>
  private var seen: Set<String> = []

  /// `readFile` reads what `:include:` names.
  init(_ aliases: LocalAliases, readFile: @escaping (String) -> Result<String, ProgramPlaceError>) {
    self.aliases = aliases
    self.readFile = readFile
  }

  mutating func expand(_ alias: LocalAliases.Found, depth: Int = 0) {
    seen.insert(alias.name)
    if let own = alias.owner { owner = own }
    for target in alias.targets { take(target, alias, isIncluded: false, depth) }
  }

  private mutating func take(_ target: AliasTarget, _ alias: LocalAliases.Found, isIncluded: Bool, _ depth: Int) {
    guard failure == nil else { return }
    guard depth < LocalAliases.depthLimit, addresses.count + actions.count < LocalAliases.sizeLimit else {
      failure = ProgramOutcome(.bounced, "5.4.6", "alias database loop for \(alias.name)")
      return
    }
    switch target {
    case .command, .file: actions.append(Action(target: target, path: alias.path, isIncluded: isIncluded))
    case .include(let path): include(path, alias, depth)
    case .address(let text): take(text, alias.suffix, depth)
    }
  }

  private mutating func include(_ path: String, _ alias: LocalAliases.Found, _ depth: Int) {
    switch readFile(path) {
    case .failure(let error): failure = ProgramOutcome(.deferred, "4.3.5", "cannot open include file \(path): \(error.text)")
    case .success(let text):
      for line in text.split(whereSeparator: \.isNewline) where line.first(where: { !$0.isWhitespace }) != "#" {
        for target in AliasTarget.list(String(line)) { take(target, alias, isIncluded: true, depth + 1) }
      }
    }
  }

  private mutating func take(_ text: String, _ suffix: String, _ depth: Int) {
    let isFinal = text.utf8.first == UInt8(ascii: "\\")
    let destination = aliases.resolve(LocalAliases.adding(suffix, to: isFinal ? String(text.dropFirst()) : text))
    if destination.isLocal, !isFinal, let further = aliases.find(destination.address), !seen.contains(further.name) {
      return expand(further, depth: depth + 1)
    }
    if !addresses.contains(destination) { addresses.append(destination) }
  }
}
