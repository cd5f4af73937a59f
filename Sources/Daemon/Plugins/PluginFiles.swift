// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import Runtime
import Settings

/// Finds the file that `plugin = …` means, and says whether it may be used.
struct PluginFiles {
  struct Found {
    let path: String
    /// Whether it came with Weir.
    let isShipped: Bool
  }

  let directory: String
  private let disk = LinuxDisk()

  /// The folder of the plugins that come with Weir: beside the program, or where a checkout builds them.
  static var shipped: [String] {
    let program = Machine.executable
    let folder = program.split(separator: "/").dropLast()
    let own = "/" + folder.joined(separator: "/") + "/bundled"
    guard let build = folder.firstIndex(of: ".build") else { return [own] }
    return [own, "/" + folder[...build].joined(separator: "/") + "/plugins"]
  }

  func find(_ name: String) -> Result<Found, FileError> {
    if name.contains("/") {
      return checked(name.hasPrefix("/") ? name : "\(Machine.workingFolder)/\(name)", isShipped: false)
    }
    let file = name.hasSuffix(".so") ? name : name + ".so"
    for folder in Self.shipped where exists("\(folder)/\(file)") { return checked("\(folder)/\(file)", isShipped: true) }
    guard exists("\(directory)/\(file)") else {
      return .failure(FileError(reason: "there is no plugin \(file) in \((Self.shipped + [directory]).joined(separator: " or "))"))
    }
    return checked("\(directory)/\(file)", isShipped: false)
  }

  private func exists(_ path: String) -> Bool { (try? disk.status(path, at: nil)) != nil }

  private func checked(_ path: String, isShipped: Bool) -> Result<Found, FileError> {
    do throws(DiskError) {
      let handle = try disk.open(path, at: nil, [.read, .nonBlocking], mode: 0)
      defer { try? disk.close(handle) }
      let status = try disk.status(handle)
      guard status.isRegular else { return .failure(FileError(reason: "\(path) is no file")) }
      if Machine.isRoot, let reason = distrust(path, status) { return .failure(FileError(reason: reason)) }
      return .success(Found(path: path, isShipped: isShipped))
    } catch {
      return .failure(FileError(reason: "\(path): \(error.reason)"))
    }
  }

  /// What runs as Weir must be nobody else's to change: the file, and each folder on the way to it.
  private func distrust(_ path: String, _ status: FileStatus) -> String? {
    if status.owner != 0 || status.mode & 0o022 != 0 { return "\(path) could be changed by others than root: chown root it and chmod go-w it" }
    var folder = path[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      let name = folder.isEmpty ? "/" : String(folder)
      guard let found = try? disk.status(name, at: nil) else { break }
      let isSticky = found.mode & 0o1000 != 0
      if found.owner != 0 || found.mode & 0o022 != 0 && !isSticky { return "\(path): others than root could put another file into \(name)" }
    }
    return nil
  }
}
