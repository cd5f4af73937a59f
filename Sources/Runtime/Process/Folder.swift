// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Folders and log files that the daemon makes for itself when it starts.
package enum Folder {
  /// Makes `path` and the folders above it that are missing; what is made belongs to `owner` if we are root.
  package static func ensure(_ path: String, mode: UInt32 = 0o700, owner: SystemUser?) throws(SystemError) {
    var made = path.hasPrefix("/") ? "" : "."
    for component in path.split(separator: "/") {
      made += "/\(component)"
      let result = clinux_make_folder(made, mode, owner?.uid ?? .max, owner?.gid ?? .max)
      _ = try SystemError.check(result, "make folder \(made)")
    }
  }

  /// The permissions of a folder that is there.
  package static func setMode(_ mode: UInt32, of path: String) throws(SystemError) {
    guard chmod(path, mode) == 0 else { throw .last("chmod \(path)") }
  }

  /// Lets members of a group put files into the folder, of which nobody else can take one away. Nil, or a group that is not there: nobody but its owner.
  package static func openDrop(_ path: String, toGroup name: String?) throws(SystemError) {
    guard let name, let group = getgrnam(name)?.pointee.gr_gid else { return try setMode(0o700, of: path) }
    guard lchown(path, .max, group) == 0 else { throw .last("chgrp \(path)") }
    try setMode(0o1770, of: path)
  }

  /// Others may go through the folder, if they know the way.
  package static func letThrough(_ path: String) throws(SystemError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .last("stat \(path)") }
    if status.st_mode & 0o111 != 0o111 { try setMode(status.st_mode & 0o7777 | 0o111, of: path) }
  }

  package static func hasFile(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Bytes that are free for us on the file system of `path`.
  package static func freeSpace(_ path: String) throws(SystemError) -> Int64 {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { throw .last("statvfs \(path)") }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int64(clamping: bytes)
  }

  /// Opens `path` for appending; a new file belongs to `owner` if we are root.
  package static func openLog(_ path: String, mode: UInt32 = 0o640, owner: SystemUser?) throws(SystemError) -> Int32 {
    try SystemError.check(clinux_open_log(path, mode, owner?.uid ?? .max, owner?.gid ?? .max), "open \(path)")
  }

  /// Makes what is at `path` the property of `owner`.
  package static func giveAway(_ path: String, to owner: SystemUser) throws(SystemError) {
    guard lchown(path, owner.uid, owner.gid) == 0 else { throw .last("chown \(path)") }
  }

  /// Makes the open file the property of `owner`.
  package static func giveAway(_ descriptor: Int32, to owner: SystemUser) throws(SystemError) {
    guard fchown(descriptor, owner.uid, owner.gid) == 0 else { throw .last("chown") }
  }
}
