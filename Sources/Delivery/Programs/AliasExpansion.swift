// SPDX-License-Identifier: Apache-2.0
import Runtime
import Tables

/// All that an alias or a .forward file stands for, as it is found out at the delivery: local(8).
struct AliasExpansion {
  /// Where something is named, which says whether it may be, and with whose rights it is done.
  struct Place: Equatable {
    enum Kind: String { case alias, forward, include }
    var kind: Kind
    /// Nil for what belongs to root, who does nothing itself.
    var rights: SystemUser?
    /// Whose .forward file it is, or is named in.
    var user: String?
    /// The extension that further addresses get.
    var suffix = ""
  }

  /// A command or a file, and where it is named.
  struct Action: Equatable {
    let target: AliasTarget
    let place: Place
  }

  /// What the disk and the system say.
  struct Means {
    /// Who an alias file belongs to; nil for root.
    let owner: (_ path: String) throws(ProgramPlaceError) -> SystemUser?
    /// What `:include:` names, and who that belongs to; read with somebody's rights.
    let include: (_ path: String, _ rights: SystemUser?) throws(ProgramPlaceError) -> (text: String, owner: SystemUser?)
    /// Of `alias`, `forward` and `include`: who hands an extension on.
    let propagates: Set<String>
  }

  private(set) var actions: [Action] = []
  private(set) var targets: [ProgramAnswer.Target] = []
  /// The sender for who it is sent on to; nil: as before.
  private(set) var owner: String?
  /// Why it cannot be found out.
  private(set) var failure: ProgramOutcome?

  private let aliases: LocalAliases
  private let means: Means
  private var seen: Set<String> = []
  private var included: Set<String> = []

  init(_ aliases: LocalAliases, _ means: Means) {
    self.aliases = aliases
    self.means = means
  }

  /// The one that comes of an alias table without an answer.
  static func failed(_ aliases: LocalAliases, _ means: Means) -> AliasExpansion {
    var expansion = AliasExpansion(aliases, means)
    expansion.failure = ProgramOutcome(.deferred, "4.3.0", "alias database unavailable")
    return expansion
  }

  mutating func expand(_ alias: LocalAliases.Found, depth: Int = 0) {
    seen.insert(alias.name)
    if let own = alias.owner { owner = own }
    do throws(ProgramPlaceError) {
      let place = Place(
        kind: .alias, rights: try alias.path.flatMap { path throws(ProgramPlaceError) in try means.owner(path) }, suffix: alias.suffix)
      for target in alias.targets { take(target, place, alias.name, depth) }
    } catch {
      failure = ProgramOutcome(.deferred, "4.3.0", error.text)
    }
  }

  /// What a user's file says. `local` is the name that was asked for, with its extension.
  mutating func expand(_ file: ForwardFile, of user: SystemUser, local: String) {
    seen.formUnion([user.name, local])
    let isHandedOn = !file.usesExtension && means.propagates.contains(Place.Kind.forward.rawValue) && local.hasPrefix(user.name)
    let place = Place(kind: .forward, rights: user, user: user.name, suffix: isHandedOn ? String(local.dropFirst(user.name.count)) : "")
    for target in file.targets { take(target, place, user.name, 0) }
  }

  private mutating func take(_ target: AliasTarget, _ place: Place, _ name: String, _ depth: Int) {
    guard failure == nil else { return }
    guard depth < LocalAliases.depthLimit, targets.count + actions.count < LocalAliases.sizeLimit else {
      failure = ProgramOutcome(.bounced, "5.4.6", "alias database loop for \(name)")
      return
    }
    switch target {
    case .command, .file: act(target, place)
    case .include(let path): include(path, place, name, depth)
    case .address(let text) where text.hasPrefix("~"): atHome(text, place)
    case .address(let text): take(text, place, depth)
    }
  }

  private mutating func act(_ target: AliasTarget, _ place: Place) {
    let action = Action(target: target, place: place)
    if !actions.contains(action) { actions.append(action) }
  }

  /// `~/name`
  private mutating func atHome(_ text: String, _ place: Place) {
    if !text.hasPrefix("~/") {
      failure = ProgramOutcome(.bounced, "5.3.5", "bad home directory syntax for: \(text)")
    } else if let home = place.rights?.home {
      act(.file((home == "/" ? "" : home) + text.dropFirst()), place)
    } else {
      failure = ProgramOutcome(.bounced, "5.3.5", "unknown home directory for: \(text)")
    }
  }

  private mutating func include(_ path: String, _ place: Place, _ name: String, _ depth: Int) {
    guard included.insert("\(place.rights?.uid ?? 0) \(path)").inserted else { return }
    do throws(ProgramPlaceError) {
      let (text, owner) = try means.include(path, place.rights)
      var inner = place
      inner.kind = .include
      // What a user's file names is done as that user; the file of another gives nobody his rights.
      if inner.rights == nil { inner.rights = owner }
      if !means.propagates.contains(Place.Kind.include.rawValue) { inner.suffix = "" }
      for target in ForwardFile.lines(text) { take(target, inner, name, depth + 1) }
    } catch {
      failure = ProgramOutcome(.bounced, "5.3.5", error.text)
    }
  }

  private mutating func take(_ text: String, _ place: Place, _ depth: Int) {
    let isMarked = text.utf8.first == UInt8(ascii: "\\")
    let destination = aliases.resolve(LocalAliases.adding(place.suffix, to: isMarked ? String(text.dropFirst()) : text))
    if destination.isLocal, !isMarked, let further = aliases.find(destination.address), !seen.contains(further.name) {
      return expand(further, depth: depth + 1)
    }
    let isFinal = destination.isLocal && (isMarked || place.user.map { isName(destination.address, $0) } == true)
    let target = ProgramAnswer.Target(address: destination.address, isFinal: isFinal)
    if !targets.contains(target) { targets.append(target) }
  }

  /// A user who is in her own file gets the mail herself.
  private func isName(_ address: String, _ user: String) -> Bool {
    let local = LocalAliases.local(of: address).lowercased()
    return local == user || aliases.base(of: local) == user
  }
}
