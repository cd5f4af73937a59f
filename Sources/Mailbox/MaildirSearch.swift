// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Says whether delivered files are there, and whole. Made for one pass of recovery: it lists each cur/ once, so what changes meanwhile is
/// not seen. Belongs to one thread.
package final class MaildirSearch {
  private let disk: any Disk
  private var listings: [MaildirLocation: [String: String]] = [:]

  package init(disk: any Disk) { self.disk = disk }

  package enum Finding: Equatable, Sendable {
    case intact
    /// The right name with other content, as a crash leaves it: to be written again at this place.
    case damaged(MaildirStore.Place)
    case absent
  }

  /// Looks for `name` in new/ and, with any flags, in cur/. A Maildir that does not exist holds nothing.
  package func find(_ name: String, in location: MaildirLocation, _ seal: FileSeal) throws(MailboxError) -> Finding {
    do throws(DiskError) {
      let root = try MaildirFolders.openRoot(location, disk, creating: false)
      defer { disk.release(root) }
      if let intact = try check("new/\(name)", at: root, seal) { return intact ? .intact : .damaged(.new) }
      guard let flagged = try currentName(name, location, root) else { return .absent }
      guard let intact = try check("cur/\(flagged)", at: root, seal) else { return .absent }
      return intact ? .intact : .damaged(.current(flagged))
    } catch {
      if error.isMissing { return .absent }
      throw MailboxError(error, "read maildir file \(location.path)/new/\(name)")
    }
  }

  /// Where a file of this name is, whatever it holds; nil if there is none.
  package func locate(_ name: String, in location: MaildirLocation) throws(MailboxError) -> MaildirStore.Place? {
    do throws(DiskError) {
      let root = try MaildirFolders.openRoot(location, disk, creating: false)
      defer { disk.release(root) }
      if try exists("new/\(name)", at: root) { return .new }
      guard let flagged = try currentName(name, location, root), try exists("cur/\(flagged)", at: root) else { return nil }
      return .current(flagged)
    } catch {
      if error.isMissing { return nil }
      throw MailboxError(error, "read maildir file \(location.path)/new/\(name)")
    }
  }

  private func exists(_ path: String, at root: DiskHandle) throws(DiskError) -> Bool {
    do throws(DiskError) {
      _ = try disk.status(path, at: root)
      return true
    } catch {
      if error.isMissing { return false }
      throw error
    }
  }

  private func currentName(_ name: String, _ location: MaildirLocation, _ root: DiskHandle) throws(DiskError) -> String? {
    if let listing = listings[location] { return listing[name] }
    let cur = try MaildirFolders.openFolder("cur", at: root, disk, creating: false)
    defer { disk.release(cur) }
    var listing: [String: String] = [:]
    for entry in try disk.list(cur) { listing[String(entry.prefix { $0 != ":" })] = entry }
    listings[location] = listing
    return listing[name]
  }

  /// Whether the file has this length and checksum; nil if there is none.
  private func check(_ path: String, at root: DiskHandle, _ seal: FileSeal) throws(DiskError) -> Bool? {
    let file: DiskHandle
    do throws(DiskError) {
      file = try disk.open(path, at: root, [.read, .noFollow, .nonBlocking], mode: 0)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
    defer { disk.release(file) }
    let status = try disk.status(file)
    guard status.isRegular, status.size == seal.length else { return false }
    return try checksum(file, seal.length) == seal.checksum
  }

  private func checksum(_ file: DiskHandle, _ length: Int64) throws(DiskError) -> UInt32 {
    var checksum = CRC32C()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: MaildirSearch.blockSize, alignment: 16)
    defer { buffer.deallocate() }
    var offset: Int64 = 0
    while offset < length {
      let count = try disk.read(file, into: buffer, offset: offset)
      if count == 0 { break }
      checksum.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += Int64(count)
    }
    return checksum.value
  }

  private static let blockSize = 64 * 1024
}
