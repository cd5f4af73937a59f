// SPDX-License-Identifier: Apache-2.0
import Runtime

extension MaildirStore {
  /// Whether `location` has room for a message of `size` bytes; an error if it has not.
  package func checkQuota(_ quota: MaildirQuota, of location: MaildirLocation, adding size: Int64, now: Int64) throws(MailboxError) {
    let cause = DiskError(code: DiskError.tooLarge, operation: "quota")
    guard quota.takes(size) else { throw MailboxError(.messageTooLarge, cause, "The message is larger than this mailbox takes") }
    if quota.isUncounted { return }
    let usage: MaildirUsage
    do throws(DiskError) {
      usage = try withSize(quota, location, now) { sizes throws(DiskError) in try sizes.usage(adding: size) }
    } catch {
      throw MailboxError(error, "read \(location.path)/maildirsize")
    }
    if !quota.hasRoom(for: size, in: usage) { throw MailboxError(quota.isTemporary ? .overQuota : .mailboxFull, cause, quota.text) }
  }

  /// A message of `size` bytes is in the Maildir. What cannot be noted is found when it is counted again.
  package func noteSize(_ size: Int64, _ quota: MaildirQuota, in location: MaildirLocation, now: Int64) {
    if quota.isUncounted { return }
    do throws(DiskError) { try withSize(quota, location, now) { sizes throws(DiskError) in try sizes.add(size) } } catch {}
  }

  private func withSize<Value>(
    _ quota: MaildirQuota, _ location: MaildirLocation, _ now: Int64, _ body: (MaildirSize) throws(DiskError) -> Value
  ) throws(DiskError) -> Value {
    let root = try MaildirFolders.openRoot(location, disk, creating: true)
    defer { disk.release(root) }
    return try body(MaildirSize(disk: disk, root: root, quota: quota, now: now))
  }
}

extension MaildirQuota {
  /// What `location` holds, as far as it matters for a message of `size` bytes; nil where nobody here may know. Makes no Maildir. May block.
  package func usage(of location: MaildirLocation, adding size: Int64, disk: any Disk, now: Int64) -> MaildirUsage? {
    if isUncounted { return MaildirUsage() }
    do throws(DiskError) {
      let root = try MaildirFolders.openRoot(location, disk, creating: false)
      defer { disk.release(root) }
      return try MaildirSize(disk: disk, root: root, quota: self, now: now).usage(adding: size)
    } catch {
      return nil
    }
  }
}
