// SPDX-License-Identifier: Apache-2.0
import Runtime

/// One supervisor at a time has a queue: two would deliver side by side and take each other's sockets away.
final class MasterLock {
  private let disk = LinuxDisk()
  private let handle: DiskHandle

  /// Nil where nothing can be written: what is there can still be looked at and delivered.
  init?(_ setup: Setup, owner: SystemUser?) throws {
    let path = setup.queueFolder + "/master.lock"
    do throws(DiskError) {
      handle = try disk.open(path, at: nil, [.read, .write, .create, .noFollow, .nonBlocking], mode: 0o600)
    } catch {
      guard error.isReadOnly else { throw error }
      return nil
    }
    if let owner { try Folder.giveAway(path, to: owner) }
    guard try disk.lock(handle) else {
      throw StartError("another Weir serves the queue in \(setup.queueFolder); 'weir reload' lets it read its configuration again")
    }
  }

  deinit { try? disk.close(handle) }
}
