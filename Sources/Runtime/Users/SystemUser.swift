// SPDX-License-Identifier: Apache-2.0
import Glibc

/// An entry of the system's user database.
package struct SystemUser: Equatable, Sendable {
  package let name: String
  package let uid: UInt32
  package let gid: UInt32
  package let home: String

  package init(name: String, uid: UInt32, gid: UInt32, home: String) {
    self.name = name
    self.uid = uid
    self.gid = gid
    self.home = home
  }

  /// The user that this process runs as (its effective uid).
  package static var currentUID: UInt32 { geteuid() }

  /// The user that has started this process (its real uid).
  package static var realUID: UInt32 { getuid() }

  /// The person's name, as the first part of the user database's field for remarks has it, where `&` stands for the name of the user.
  package static func fullName(uid: UInt32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 * 1024) { buffer -> String? in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard let base = buffer.baseAddress, getpwuid_r(uid, &entry, base, buffer.count, &found) == 0, found != nil, let remarks = entry.pw_gecos,
        let name = entry.pw_name
      else { return nil }
      let login = String(cString: name)
      return String(String(cString: remarks).prefix { $0 != "," }).replacing("&", with: login.prefix(1).uppercased() + login.dropFirst())
    }
  }

  /// Looks `name` up; nil if there is no such user. May block for long (LDAP and the like): never call it on an event loop.
  package static func find(_ name: String) throws(SystemError) -> SystemUser? {
    // A NUL would end the name early and so name another user.
    guard !name.isEmpty, !name.utf8.contains(0) else { return nil }
    return try find { getpwnam_r(name, $0, $1, $2, $3) }
  }

  package static func find(uid: UInt32) throws(SystemError) -> SystemUser? {
    try find { getpwuid_r(uid, $0, $1, $2, $3) }
  }

  /// The id of a group; nil if there is no such group. May block.
  package static func group(named name: String) -> UInt32? {
    guard !name.isEmpty, !name.utf8.contains(0) else { return nil }
    var size = 4096
    while size <= largestEntry {
      let (code, id) = groupAttempt(name, size)
      if code != ERANGE { return id }
      size *= 4
    }
    return nil
  }

  private static func groupAttempt(_ name: String, _ size: Int) -> (code: Int32, id: UInt32?) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
      guard let base = buffer.baseAddress else { return (ENOMEM, nil) }
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      let code = getgrnam_r(name, &entry, base, size, &found)
      return (code, found == nil ? nil : entry.gr_gid)
    }
  }

  private typealias Lookup = (
    UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
  ) -> Int32

  private static func find(_ lookup: Lookup) throws(SystemError) -> SystemUser? {
    var size = 1024
    while true {
      let (code, user) = attempt(lookup, size)
      switch code {
      case 0, ENOENT, ESRCH: return user
      case EINTR: continue
      case ERANGE where size < largestEntry: size *= 4
      default: throw SystemError(code: code, operation: "getpwnam_r")
      }
    }
  }

  private static func attempt(_ lookup: Lookup, _ size: Int) -> (code: Int32, user: SystemUser?) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
      guard let base = buffer.baseAddress else { return (ENOMEM, nil) }
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = lookup(&entry, base, size, &found)
      guard code == 0, found != nil, let name = entry.pw_name, let home = entry.pw_dir else { return (code, nil) }
      return (0, SystemUser(name: String(cString: name), uid: entry.pw_uid, gid: entry.pw_gid, home: String(cString: home)))
    }
  }

  /// An entry beyond this is an error of the database.
  private static let largestEntry = 1 << 20

  /// The ids of all groups of the user, its own first. May block.
  package func groups() throws(SystemError) -> [UInt32] {
    var capacity: Int32 = 64
    while true {
      var count = capacity
      var groups = [gid_t](repeating: 0, count: Int(capacity))
      if getgrouplist(name, gid, &groups, &count) >= 0 { return Array(groups.prefix(Int(max(0, count)))) }
      guard count > capacity, count <= 65_536 else { throw SystemError(code: ERANGE, operation: "getgrouplist") }
      capacity = count
    }
  }
}
