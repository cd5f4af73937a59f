// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Tables

struct ProgramPlaceError: Error {
  let text: String
}

/// As whom a program runs, and what it finds there.
enum ProgramPlace {
  /// `user` or `user:group`; nil for this process's own user. To be another needs the rights that the mailbox process has kept.
  static func identity(of user: String, mayChange: Bool) throws(ProgramPlaceError) -> ChildProcess.Identity? {
    let parts = user.split(separator: ":", maxSplits: 1).map(String.init)
    guard let name = parts.first else { return nil }
    let found = try find(name)
    var group = found.gid
    if parts.count > 1 { group = try self.group(parts[1]) }
    return try identity(of: found, group: group, mayChange: mayChange)
  }

  static func identity(of user: SystemUser, group: UInt32, mayChange: Bool) throws(ProgramPlaceError) -> ChildProcess.Identity? {
    guard user.uid != 0, group != 0 else { throw ProgramPlaceError(text: "no program that gets mail runs as root") }
    // The mailbox process has rights of its own to leave behind.
    if user.uid == SystemUser.currentUID, !mayChange { return nil }
    guard mayChange else { throw ProgramPlaceError(text: "cannot run as \(user.name): Weir is not started as root") }
    do throws(SystemError) {
      return ChildProcess.Identity(user: user.uid, group: group, groups: try user.groups())
    } catch {
      throw ProgramPlaceError(text: error.description)
    }
  }

  static func find(_ name: String) throws(ProgramPlaceError) -> SystemUser {
    guard let found = try look(name) else { throw ProgramPlaceError(text: "there is no user \(name)") }
    return found
  }

  static func find(uid: UInt32) throws(ProgramPlaceError) -> SystemUser? {
    do throws(SystemError) { return try SystemUser.find(uid: uid) } catch { throw ProgramPlaceError(text: error.description) }
  }

  /// local(8): the local part in lower case, and without its extension if that is nobody.
  static func user(of address: String, _ delimiters: String) throws(ProgramPlaceError) -> SystemUser? {
    let local = LocalAliases.local(of: address).lowercased()
    if let user = try look(local) { return user }
    guard let base = AddressKey.split(local, delimiters: delimiters)?.base else { return nil }
    return try look(base)
  }

  private static func look(_ name: String) throws(ProgramPlaceError) -> SystemUser? {
    do throws(SystemError) { return try SystemUser.find(name) } catch { throw ProgramPlaceError(text: error.description) }
  }

  private static func group(_ name: String) throws(ProgramPlaceError) -> UInt32 {
    if let number = UInt32(name) { return number }
    guard let number = SystemUser.group(named: name) else { throw ProgramPlaceError(text: "there is no group \(name)") }
    return number
  }

  static func environment(_ exported: [String]) -> [String] {
    exported.contains { $0.hasPrefix("PATH=") } ? exported : ["PATH=/usr/bin:/bin:/usr/local/bin"] + exported
  }
}
