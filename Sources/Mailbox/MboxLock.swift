// SPDX-License-Identifier: Apache-2.0
import Runtime

/// A mailbox file that nobody else works on, as far as locks can say so. To be released by hand.
struct LockedMbox {
  let file: DiskHandle
  /// True if it was made just now.
  let isNew: Bool
  let size: Int64
  fileprivate let hasDotLock: Bool

  func release(_ location: MboxLocation, in folder: DiskHandle, _ disk: any Disk) {
    // The kernel's locks go with the handle, before the dot lock as they came after it.
    disk.release(file)
    if hasDotLock { LockedMbox.removeDotLock(location, folder, disk) }
  }

  /// Opens the file, makes it with mode 0600 if there is none, and locks it, in Postfix's order: the dot lock, flock, fcntl.
  static func open(
    _ location: MboxLocation, in folder: DiskHandle, _ rules: MboxRules, owner: UInt32?, now: Int64, _ disk: any Disk
  ) throws(MboxFault) -> LockedMbox {
    let (file, isNew) = try openFile(location.name, folder, disk)
    var hasDotLock = false
    do throws(MboxFault) {
      let status = try status(file, disk)
      guard status.isRegular else { throw .notFile }
      if let owner, status.owner != owner { throw .notOwned }
      if rules.locks.contains(.dotlock) { hasDotLock = try makeDotLock(location, folder, rules.staleLockTime, now, disk) }
      try lock(file, rules.locks, disk)
      return LockedMbox(file: file, isNew: isNew, size: try size(of: file, location, folder, disk), hasDotLock: hasDotLock)
    } catch {
      disk.release(file)
      if hasDotLock { removeDotLock(location, folder, disk) }
      throw error
    }
  }

  private static func openFile(_ name: String, _ folder: DiskHandle, _ disk: any Disk) throws(MboxFault) -> (DiskHandle, isNew: Bool) {
    let options: OpenOptions = [.read, .write, .noFollow, .nonBlocking]
    do throws(DiskError) {
      do throws(DiskError) { return (try disk.open(name, at: folder, options, mode: 0), false) } catch { guard error.isMissing else { throw error } }
      do throws(DiskError) {
        return (try disk.open(name, at: folder, options.union([.create, .exclusive]), mode: 0o600), true)
      } catch {
        // Another program has made it meanwhile.
        guard error.isTaken else { throw error }
        return (try disk.open(name, at: folder, options, mode: 0), false)
      }
    } catch {
      throw .failed(error, "cannot open file")
    }
  }

  /// False where locks by file cannot be made, and there are only the kernel's: a folder that is not the user's.
  private static func makeDotLock(
    _ location: MboxLocation, _ folder: DiskHandle, _ staleLockTime: Int64, _ now: Int64, _ disk: any Disk
  ) throws(MboxFault) -> Bool {
    let name = location.name + ".lock"
    for isLast in [false, true] {
      do throws(DiskError) {
        // As other programs do: nobody reads what is in it.
        disk.release(try disk.open(name, at: folder, [.write, .create, .exclusive, .noFollow], mode: 0))
        return true
      } catch {
        guard error.isTaken else { return false }
      }
      guard !isLast, isStale(name, folder, staleLockTime, now, disk) else { break }
      removeDotLock(location, folder, disk)
    }
    throw .busy("unable to create lock file \(location.path).lock: File exists")
  }

  private static func isStale(_ name: String, _ folder: DiskHandle, _ limit: Int64, _ now: Int64, _ disk: any Disk) -> Bool {
    do throws(DiskError) {
      return now.subtractingReportingOverflow(try disk.status(name, at: folder).modified).partialValue > limit
    } catch {
      return error.isMissing
    }
  }

  fileprivate static func removeDotLock(_ location: MboxLocation, _ folder: DiskHandle, _ disk: any Disk) {
    do throws(DiskError) { try disk.unlink(location.name + ".lock", at: folder) } catch {}
  }

  private static func lock(_ file: DiskHandle, _ locks: MboxRules.Locks, _ disk: any Disk) throws(MboxFault) {
    do throws(DiskError) {
      if locks.contains(.flock), try !disk.lock(file) { throw DiskError(code: DiskError.busy, operation: "flock") }
      if locks.contains(.fcntl), try !disk.lockRecords(file) { throw DiskError(code: DiskError.busy, operation: "fcntl") }
    } catch {
      throw error.code == DiskError.busy ? .busy("unable to lock for exclusive access: \(error.reason)") : .failed(error, "unable to lock")
    }
  }

  private static func status(_ file: DiskHandle, _ disk: any Disk) throws(MboxFault) -> FileStatus {
    do throws(DiskError) { return try disk.status(file) } catch { throw .failed(error, "cannot open file") }
  }

  /// A program that reads mail may have put another file in its place before it was locked.
  private static func size(of file: DiskHandle, _ location: MboxLocation, _ folder: DiskHandle, _ disk: any Disk) throws(MboxFault) -> Int64 {
    let open = try status(file, disk)
    let named: FileStatus?
    do throws(DiskError) { named = try disk.status(location.name, at: folder) } catch { named = nil }
    guard let named, named.inode == open.inode, named.device == open.device else { throw .busy("target file status changed unexpectedly") }
    return open.size
  }
}

/// What stops a delivery to a mailbox file.
enum MboxFault: Error {
  /// Another program has it.
  case busy(String)
  case failed(DiskError, String)
  case notFile
  /// It is another user's.
  case notOwned
  case unreadable
}
