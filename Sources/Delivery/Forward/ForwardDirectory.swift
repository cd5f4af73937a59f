// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime

/// Says whether a user of the system has a .forward file that counts. May block.
package protocol ForwardDirectory: Sendable {
  /// Nil where that cannot be found out now.
  func hasForward(_ address: String) -> Bool?
}

/// For this process's own user: the files of others are not its to read.
package struct OwnForwards: ForwardDirectory {
  private let rules: ForwardRules
  private let disk: any Disk
  private let note: @Sendable (String) -> Void

  package init(_ rules: ForwardRules, disk: any Disk, note: @escaping @Sendable (String) -> Void) {
    self.rules = rules
    self.disk = disk
    self.note = note
  }

  package func hasForward(_ address: String) -> Bool? {
    if rules.paths.isEmpty { return false }
    do throws(ProgramPlaceError) {
      guard let user = try ProgramPlace.user(of: address, rules.delimiters) else { return false }
      return hasForward(address, of: user)
    } catch {
      return nil
    }
  }

  /// The same for a user who is known.
  func hasForward(_ address: String, of user: SystemUser) -> Bool {
    guard user.uid == SystemUser.currentUID, !rules.paths.isEmpty else { return false }
    return ForwardFile.find(rules, of: user, for: address, disk, note) != nil
  }
}
