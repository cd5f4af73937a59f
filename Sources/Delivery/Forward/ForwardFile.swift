// SPDX-License-Identifier: Apache-2.0
import Runtime
import Tables

/// A .forward file that counts.
struct ForwardFile {
  let targets: [AliasTarget]
  /// The extension of the address is in its name, so nobody else needs it.
  let usesExtension: Bool

  /// Looks for that of a user, in a thread that acts as her. Nil where there is none that may be obeyed: `note` is told why.
  static func find(_ rules: ForwardRules, of user: SystemUser, for address: String, _ disk: any Disk, _ note: (String) -> Void) -> ForwardFile? {
    // Root's mail needs an alias: nobody acts as root.
    guard user.uid != 0 else { return nil }
    for (path, usesExtension) in rules.files(of: user, for: address) {
      guard let status = status(path, disk) else { continue }
      guard let text = read(path, status, user, disk, note) else { return nil }
      let targets = lines(text)
      return targets.isEmpty ? nil : ForwardFile(targets: targets, usesExtension: usesExtension)
    }
    return nil
  }

  private static func status(_ path: String, _ disk: any Disk) -> FileStatus? {
    do throws(DiskError) { return try disk.status(path, at: nil) } catch { return nil }
  }

  private static func read(_ path: String, _ status: FileStatus, _ user: SystemUser, _ disk: any Disk, _ note: (String) -> Void) -> String? {
    if !status.isRegular {
      note("warning: file \(path) is not a regular file")
    } else if status.owner != 0, status.owner != user.uid {
      note("warning: file \(path) has bad owner uid \(status.owner)")
    } else if status.mode & 0o002 != 0 {
      note("warning: file \(path) is world writable")
    } else {
      do throws(DiskError) {
        return try SmallFile.read(path, disk, [.noFollow]).text
      } catch {
        note("warning: cannot open file \(path): \(error)")
      }
    }
    return nil
  }

  /// The targets of all lines; those that begin with `#` say nothing.
  static func lines(_ text: String) -> [AliasTarget] {
    text.split(whereSeparator: \.isNewline).filter { $0.first != "#" }.flatMap { AliasTarget.list(String($0)) }
  }
}

/// A file that is read whole.
enum SmallFile {
  struct Content {
    let text: String
    let status: FileStatus
  }

  /// What is longer is cut.
  static let limit = 16 << 20

  static func read(_ path: String, _ disk: any Disk, _ options: OpenOptions = []) throws(DiskError) -> Content {
    // A pipe nobody writes to would never open.
    let file = try disk.open(path, at: nil, options.union([.read, .nonBlocking]), mode: 0)
    defer { try? disk.close(file) }
    let status = try disk.status(file)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while status.isRegular, bytes.count < limit {
      let count = try readPiece(disk, file, &piece, Int64(bytes.count))
      if count == 0 { break }
      bytes += piece.prefix(count)
    }
    return Content(text: String(decoding: bytes, as: UTF8.self), status: status)
  }

  private static func readPiece(_ disk: any Disk, _ file: DiskHandle, _ piece: inout [UInt8], _ offset: Int64) throws(DiskError) -> Int {
    var failure: DiskError?
    let count = piece.withUnsafeMutableBytes { buffer in
      do throws(DiskError) {
        return try disk.read(file, into: buffer, offset: offset)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }
}
