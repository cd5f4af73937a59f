// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Whose files the mailboxes of virtual users are: `virtual_uid_maps` and `virtual_gid_maps`.
package struct VirtualOwner: Sendable {
  private let uid: @Sendable (String) -> String?
  private let gid: @Sendable (String) -> String?
  private let minimumUID: UInt32

  /// `uid` and `gid` are the tables: the value for a key. `minimumUID` is `virtual_minimum_uid`; root is refused in any case.
  package init(uid: @escaping @Sendable (String) -> String?, gid: @escaping @Sendable (String) -> String?, minimumUID: UInt32) {
    self.uid = uid
    self.gid = gid
    self.minimumUID = max(1, minimumUID)
  }

  /// `value` looks `address` up in a table, by all its keys.
  func user(of address: String, _ value: ((String) -> String?) -> String?) throws(UserLookupError) -> SystemUser {
    let uid = try Self.number(value(uid), "uid", address, atLeast: minimumUID)
    let gid = try Self.number(value(gid), "gid", address, atLeast: 1)
    return SystemUser(name: "", uid: uid, gid: gid, home: "/")
  }

  private static func number(_ text: String?, _ kind: String, _ address: String, atLeast minimum: UInt32) throws(UserLookupError) -> UInt32 {
    guard let text else { throw .unusable("recipient \(address): \(kind) not found in virtual_\(kind)_maps") }
    guard let number = UInt32(text), number >= minimum, number < .max else {
      throw .unusable("recipient \(address): bad \(kind) \(text) in virtual_\(kind)_maps")
    }
    return number
  }
}
