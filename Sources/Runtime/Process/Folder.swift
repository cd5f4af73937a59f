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
