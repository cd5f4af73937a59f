// SPDX-License-Identifier: Apache-2.0
import Import
import Runtime

/// The folder that takes the result. A new one is there whole or not at all; in one that is there already each file is, and weir.conf comes last.
struct ImportFolder {
  struct Failure: Error { let message: String }

  private let path: String
  private let replaces: Bool
  private let disk = LinuxDisk()

  init(_ path: String, replaces: Bool) {
    self.path = path
    self.replaces = replaces
  }

  func write(_ files: [ImportResult.File]) throws(Failure) {
    if exists(path) {
      if !replaces, let taken = files.first(where: { exists("\(path)/\($0.path)") }) {
        throw Failure(message: "\(path)/\(taken.path) is there already; --force replaces it, -o names another folder")
      }
      for file in files.filter({ $0.path != "weir.conf" }) + files.filter({ $0.path == "weir.conf" }) { try replace(file) }
    } else {
      let new = "\(path).new-\(disk.random())"
      for file in files { try write(file, to: "\(new)/\(file.path)") }
      try rename(new, to: path, replacing: false)
    }
  }

  private func exists(_ path: String) -> Bool { (try? disk.status(path, at: nil)) != nil }

  private func replace(_ file: ImportResult.File) throws(Failure) {
    let new = "\(path)/\(file.path).new-\(disk.random())"
    try write(file, to: new)
    try rename(new, to: "\(path)/\(file.path)", replacing: replaces)
  }

  private func rename(_ old: String, to new: String, replacing: Bool) throws(Failure) {
    do throws(DiskError) {
      try disk.rename(old, at: nil, to: new, at: nil, replacing: replacing)
    } catch {
      throw Failure(message: "cannot write \(new): \(error.reason)")
    }
  }

  private func write(_ file: ImportResult.File, to target: String) throws(Failure) {
    do {
      try Folder.ensure(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)]), mode: 0o755, owner: nil)
      let handle = try disk.open(target, at: nil, [.write, .create, .exclusive], mode: file.mode)
      defer { try? disk.close(handle) }
      try file.bytes.withUnsafeBytes { try disk.write(handle, [$0], offset: 0) }
      try disk.synchronizeData(handle)
    } catch {
      throw Failure(message: "cannot write \(target): \(error)")
    }
  }
}
