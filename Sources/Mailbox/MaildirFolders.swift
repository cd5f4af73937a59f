// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The open folders of one Maildir.
struct MaildirFolders {
  let tmp: DiskHandle
  let new: DiskHandle

  /// Opens a Maildir and creates what is missing of it, with mode 0700.
  static func open(_ location: MaildirLocation, _ disk: any Disk) throws(DiskError) -> MaildirFolders {
    let root = try openRoot(location, disk, creating: true)
    defer { disk.release(root) }
    let tmp = try openFolder("tmp", at: root, disk, creating: true)
    do throws(DiskError) {
      let new = try openFolder("new", at: root, disk, creating: true)
      return try withCurrent(MaildirFolders(tmp: tmp, new: new), root, disk)
    } catch {
      disk.release(tmp)
      throw error
    }
  }

  /// Readers need a cur/, which a delivery does not use.
  private static func withCurrent(_ folders: MaildirFolders, _ root: DiskHandle, _ disk: any Disk) throws(DiskError) -> MaildirFolders {
    do throws(DiskError) {
      disk.release(try openFolder("cur", at: root, disk, creating: true))
      return folders
    } catch {
      disk.release(folders.new)
      throw error
    }
  }

  func close(_ disk: any Disk) {
    disk.release(tmp)
    disk.release(new)
  }

  /// The Maildir itself, reached from its base without following a link.
  static func openRoot(_ location: MaildirLocation, _ disk: any Disk, creating: Bool) throws(DiskError) -> DiskHandle {
    try openPath(location.base, location.folders, disk, creating: creating)
  }

  /// The last of `folders`, or the base if there are none.
  static func openPath(_ base: String, _ folders: [String], _ disk: any Disk, creating: Bool) throws(DiskError) -> DiskHandle {
    var folder = try disk.open(base, at: nil, [.read, .directory], mode: 0)
    for name in folders {
      let parent = folder
      defer { disk.release(parent) }
      folder = try openFolder(name, at: parent, disk, creating: creating)
    }
    return folder
  }

  /// Makes the names of all folders from the base to those of the Maildir durable.
  static func synchronizePath(_ location: MaildirLocation, _ disk: any Disk) throws(DiskError) {
    try synchronizePath(location.base, location.folders, disk)
  }

  static func synchronizePath(_ base: String, _ folders: [String], _ disk: any Disk) throws(DiskError) {
    var folder = try disk.open(base, at: nil, [.read, .directory], mode: 0)
    defer { disk.release(folder) }
    try disk.synchronize(folder)
    for name in folders {
      let next = try openFolder(name, at: folder, disk, creating: false)
      disk.release(folder)
      folder = next
      try disk.synchronize(folder)
    }
  }

  static func openFolder(_ name: String, at parent: DiskHandle, _ disk: any Disk, creating: Bool) throws(DiskError) -> DiskHandle {
    let options: OpenOptions = [.read, .directory, .noFollow, .nonBlocking]
    do throws(DiskError) {
      return try disk.open(name, at: parent, options, mode: 0)
    } catch {
      guard creating, error.isMissing else { throw error }
    }
    do throws(DiskError) {
      try disk.makeDirectory(name, at: parent, mode: 0o700)
    } catch {
      // Another process may have made it meanwhile.
      guard error.isTaken else { throw error }
    }
    if try disk.fileSystem(parent) == .other { try disk.synchronize(parent) }
    return try disk.open(name, at: parent, options, mode: 0)
  }
}

extension Disk {
  /// Closes what was only read or looked up, where an error means nothing.
  func release(_ handle: DiskHandle) {
    do throws(DiskError) { try close(handle) } catch {}
  }
}
