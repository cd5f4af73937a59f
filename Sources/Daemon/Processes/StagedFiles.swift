// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Certificates and keys that only root may read, copied by the supervisor to a folder of the mail owner, again whenever they change.
///
/// The mta process finds the copies by the same rule; started as an ordinary user, there are no copies and paths stay as they are.
package struct StagedFiles: Sendable {
  /// Nil: nothing is copied.
  private let folder: String?

  package init(folder: String?) { self.folder = folder }

  /// Makes the folder of the copies, for the user that the calling thread acts as.
  func ensureFolder() throws(SystemError) {
    if let folder { try Folder.ensure(folder, owner: nil) }
  }

  /// Where to read what the configuration calls `path`.
  package func path(_ path: String) -> String {
    guard let folder else { return path }
    return folder + "/" + path.replacing("_", with: "__").replacing("/", with: "_")
  }
}

/// The supervisor's side: makes the copies.
///
/// It reads as root and writes as the mail owner, in a thread that acts as that user: the owner could turn the folder into a link to anywhere.
final class Stager {
  private struct Copy: Sendable {
    let source: String
    let status: FileStatus
    let bytes: [UInt8]
  }

  private let files: StagedFiles
  private let sources: Set<String>
  private let owner: SystemUser
  private let groups: [UInt32]
  private let log: Log
  private var copied: [String: FileStatus] = [:]
  /// What was last said about a source, so that it is said once.
  private var complaints: [String: String] = [:]
  private static let maximumLength: Int64 = 1 << 20

  init(_ files: StagedFiles, sources: Set<String>, owner: SystemUser, log: Log) throws(SystemError) {
    self.files = files
    self.sources = sources
    self.owner = owner
    groups = try owner.groups()
    self.log = log
  }

  /// Copies what is new or has changed.
  func refresh() {
    let changed = sources.compactMap(read)
    if changed.isEmpty { return }
    do {
      for (copy, complaint) in zip(changed, try write(changed)) {
        if complaint == nil { copied[copy.source] = copy.status }
        complaints[copy.source] = complain(copy.source, complaint)
      }
    } catch {
      log.error("master", "copying certificates: \(error)")
    }
  }

  /// The file, if it is not copied yet as it is now.
  private func read(_ source: String) -> Copy? {
    do {
      let disk = LinuxDisk()
      let input = try disk.open(source, at: nil, [.read], mode: 0)
      defer { try? disk.close(input) }
      let status = try disk.status(input)
      if copied[source] == status { return nil }
      guard status.size <= Self.maximumLength else { throw StartError("larger than \(Self.maximumLength) bytes") }
      var bytes = [UInt8](repeating: 0, count: Int(status.size))
      let count = try bytes.withUnsafeMutableBytes { try disk.read(input, into: $0, offset: 0) }
      return Copy(source: source, status: status, bytes: Array(bytes.prefix(count)))
    } catch {
      complaints[source] = complain(source, "\(error)")
      return nil
    }
  }

  private func complain(_ source: String, _ complaint: String?) -> String? {
    if let complaint, complaints[source] != complaint { log.error("master", "\(source): \(complaint)") }
    return complaint
  }

  /// What went wrong with each copy, or nil.
  private func write(_ copies: [Copy]) throws(SystemError) -> [String?] {
    let results = Monitor<[String?]>([])
    let (files, owner, groups) = (files, owner, groups)
    let thread = try Thread(name: "copies") {
      let found = Self.write(copies, files, owner, groups)
      results.withLock { $0 = found }
    }
    thread.join()
    return results.withLock { $0 }
  }

  private static func write(_ copies: [Copy], _ files: StagedFiles, _ owner: SystemUser, _ groups: [UInt32]) -> [String?] {
    do {
      try Identity.assume(owner, groups: groups)
      try files.ensureFolder()
    } catch {
      return copies.map { _ in "\(error)" }
    }
    return copies.map { copy in
      do {
        try write(copy.bytes, to: files.path(copy.source))
        return nil
      } catch {
        return "\(error)"
      }
    }
  }

  /// Beside the old copy first, then in its place: the reader never finds half a file.
  private static func write(_ bytes: [UInt8], to target: String) throws {
    let disk = LinuxDisk()
    try? disk.unlink(target + ".new", at: nil)
    let output = try disk.open(target + ".new", at: nil, [.write, .create, .exclusive, .noFollow], mode: 0o400)
    defer { try? disk.close(output) }
    try bytes.withUnsafeBytes { try disk.write(output, [$0], offset: 0) }
    try disk.rename(target + ".new", at: nil, to: target, at: nil, replacing: true)
  }
}
