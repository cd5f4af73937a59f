// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Delivers into mailbox files. Belongs to one thread.
///
/// An append to a file is not idempotent, so a crash must leave something by which the next attempt can tell: the file is made longer at
/// once, everything but the first byte is written and synced, and then that byte is. docs/spool.md has the states. What is
/// delivered is durable.
package final class MboxStore {
  private let disk: any Disk
  /// Files whose names are durable.
  private var anchored: Set<String> = []
  /// Copies that failed and may still be there.
  private var doubtful: Set<Copy> = []

  private struct Copy: Hashable {
    let path: String
    let name: String
  }

  package init(disk: any Disk) { self.disk = disk }

  package enum Outcome: Equatable, Sendable {
    case written
    /// An earlier attempt had delivered it.
    case found
    /// The message could not be read.
    case unreadable
  }

  /// Appends `text`, the copy called `name`. With `looks` an earlier attempt may have left it there, in whole or in part; that is completed.
  /// `user` is for the words of an error: the system user whose file it is; a file of another than `owner` is left alone (`strict_mailbox_ownership`).
  /// `now` is in microseconds since 1970.
  package func deliver(
    _ text: MboxText, name: String, to location: MboxLocation, _ rules: MboxRules, looks: Bool, user: String?, owner: UInt32? = nil, now: Int64
  ) throws(MailboxError) -> Outcome {
    let copy = Copy(path: location.path, name: name)
    do throws(MboxFault) {
      let folder = try openFolder(location)
      defer { disk.release(folder) }
      let mailbox = try LockedMbox.open(location, in: folder, rules, owner: owner, now: now, disk)
      defer { mailbox.release(location, in: folder, disk) }
      let outcome = try deliver(text, copy, to: mailbox, rules, looks: looks || doubtful.contains(copy))
      if mailbox.isNew || !anchored.contains(location.path) { try anchor(location, copy) }
      doubtful.remove(copy)
      return outcome
    } catch {
      if case .unreadable = error { return .unreadable }
      throw MailboxError(error, location, user: user)
    }
  }

  private func deliver(_ text: MboxText, _ copy: Copy, to mailbox: LockedMbox, _ rules: MboxRules, looks: Bool) throws(MboxFault) -> Outcome {
    do throws(DiskError) {
      guard let length = try text.length() else { return .unreadable }
      if looks {
        switch try MboxSearch(disk: disk, file: mailbox.file, size: mailbox.size).find(text, length: length) {
        case .whole(let place):
          // What the page cache has the disk may not have.
          try commit(mailbox.file, at: place)
          return .found
        case .begun(let place):
          doubt(copy)
          // A sync that failed may have dropped the length as well as the text.
          try disk.truncate(mailbox.file, length: mailbox.size)
          try fill(mailbox.file, text, at: place)
          return .written
        case .absent: break
        }
      }
      return try append(text, length, copy, to: mailbox, rules)
    } catch {
      throw .failed(error, "error writing message")
    }
  }

  private func append(_ text: MboxText, _ length: Int64, _ copy: Copy, to mailbox: LockedMbox, _ rules: MboxRules) throws(DiskError) -> Outcome {
    let isOpen = try isLineOpen(mailbox)
    let place = mailbox.size + (isOpen ? 1 : 0)
    guard rules.sizeLimit == 0 || length <= rules.sizeLimit - place else { throw DiskError(code: DiskError.tooLarge, operation: "write") }
    do throws(DiskError) {
      if isOpen { try [0x0A].withBytes { line throws(DiskError) in try disk.write(mailbox.file, [line], offset: mailbox.size) } }
      try disk.truncate(mailbox.file, length: place + length)
      try fill(mailbox.file, text, at: place)
    } catch {
      undo(mailbox, copy)
      throw error
    }
    return .written
  }

  /// What another program has left may lack its last line feed.
  private func isLineOpen(_ mailbox: LockedMbox) throws(DiskError) -> Bool {
    guard mailbox.size > 0 else { return false }
    var last: UInt8 = 0
    let file = mailbox.file
    let result = withUnsafeMutableBytes(of: &last) { buffer -> Result<Int, DiskError> in
      do throws(DiskError) { return .success(try disk.read(file, into: buffer, offset: mailbox.size - 1)) } catch { return .failure(error) }
    }
    _ = try result.get()
    return last != 0x0A
  }

  /// Everything but the first byte, and that byte when all else is on the disk.
  private func fill(_ file: DiskHandle, _ text: MboxText, at place: Int64) throws(DiskError) {
    var offset = place
    let isReadable = try text.write { block throws(DiskError) in
      let skipped = offset == place ? 1 : 0
      let rest = UnsafeRawBufferPointer(rebasing: block[skipped...])
      if !rest.isEmpty { try disk.write(file, [rest], offset: offset + Int64(skipped)) }
      offset += Int64(block.count)
    }
    guard isReadable else { throw DiskError(code: DiskError.inputOutput, operation: "read") }
    try disk.synchronize(file)
    try commit(file, at: place)
  }

  private func commit(_ file: DiskHandle, at place: Int64) throws(DiskError) {
    try [UInt8(ascii: "F")].withBytes { first throws(DiskError) in try disk.write(file, [first], offset: place) }
    try disk.synchronize(file)
  }

  /// The file gets its old length back.
  private func undo(_ mailbox: LockedMbox, _ copy: Copy) {
    do throws(DiskError) { try disk.truncate(mailbox.file, length: mailbox.size) } catch { doubt(copy) }
  }

  private func doubt(_ copy: Copy) {
    if doubtful.count >= MboxStore.limit { doubtful.removeAll() }
    doubtful.insert(copy)
  }

  private func openFolder(_ location: MboxLocation) throws(MboxFault) -> DiskHandle {
    do throws(DiskError) {
      return try MaildirFolders.openPath(location.base, location.folders, disk, creating: true)
    } catch {
      throw .failed(error, "cannot open file")
    }
  }

  /// A durable message is of no use in a file whose name is not.
  private func anchor(_ location: MboxLocation, _ copy: Copy) throws(MboxFault) {
    do throws(DiskError) {
      try MaildirFolders.synchronizePath(location.base, location.folders, disk)
    } catch {
      doubt(copy)
      throw .failed(error, "error writing message")
    }
    if anchored.count >= MboxStore.limit { anchored.removeAll() }
    anchored.insert(location.path)
  }

  private static let limit = 4096
}
