// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Certificates and keys that only root may read, copied by the supervisor to a folder of the mail owner, again whenever they change.
///
/// The mta process finds the copies by the same rule; started as an ordinary user, there are no copies and paths stay as they are.
package struct StagedFiles: Sendable {
  /// Nil: nothing is copied.
  private let folder: String?

  package init(folder: String?) { self.folder = folder }

  /// Where to read what the configuration calls `path`.
  package func path(_ path: String) -> String {
    guard let folder else { return path }
    return folder + "/" + path.replacing("_", with: "__").replacing("/", with: "_")
  }
}

/// The supervisor's side: makes the copies.
final class Stager {
  private let files: StagedFiles
  private let sources: Set<String>
  private let owner: SystemUser
  private let log: Log
  private var copied: [String: FileStatus] = [:]
  private let disk = LinuxDisk()
  private static let maximumLength: Int64 = 1 << 20

  init(_ files: StagedFiles, sources: Set<String>, owner: SystemUser, log: Log) {
    self.files = files
    self.sources = sources
    self.owner = owner
    self.log = log
  }

  /// Copies what is new or has changed.
  func refresh() {
    for source in sources {
      do {
        let status = try disk.status(source, at: nil)
        if copied[source] == status { continue }
        try copy(source)
        copied[source] = status
      } catch {
        log.error("master", "\(source): \(error)")
      }
    }
  }

  /// Beside the old copy first, then in its place: the reader never finds half a file.
  private func copy(_ source: String) throws {
    let input = try disk.open(source, at: nil, [.read], mode: 0)
    defer { try? disk.close(input) }
    let size = try disk.status(input).size
    guard size <= Self.maximumLength else { throw SystemError(code: 27, operation: "read \(source)") }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(size), alignment: 16)
    defer { bytes.deallocate() }
    let count = try disk.read(input, into: bytes, offset: 0)
    let target = files.path(source)
    try? disk.unlink(target + ".new", at: nil)
    let output = try disk.open(target + ".new", at: nil, [.write, .create, .exclusive, .noFollow], mode: 0o400)
    defer { try? disk.close(output) }
    try disk.write(output, [UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count])], offset: 0)
    try Folder.giveAway(output.rawValue, to: owner)
    try disk.rename(target + ".new", at: nil, to: target, at: nil, replacing: true)
  }
}
