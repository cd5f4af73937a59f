// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Where the mta of a generation reaches the mailbox process of the same one. It goes with the generation.
final class MailboxSocket {
  let descriptor: Int32
  private let path: String

  init(_ path: String, owner: SystemUser) throws(SystemError) {
    self.path = path
    descriptor = try ListeningSocket.open(path: path, mode: 0o600, backlog: 64)
    try Folder.giveAway(path, to: owner)
  }

  deinit {
    closeDescriptor(descriptor)
    try? LinuxDisk().unlink(path, at: nil)
  }
}
