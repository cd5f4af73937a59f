// SPDX-License-Identifier: Apache-2.0

/// Decides which mailbox files are stable: those whose rename had ended before a syncfs of their file system began that succeeded.
///
/// After a failed one nothing is known of the files written since the last success, and a later success proves nothing for them.
package struct Stability: Sendable {
  /// One delivered file.
  package struct Item: Hashable, Sendable {
    package let id: QueueID
    package let recipient: Int
    package init(id: QueueID, recipient: Int) {
      self.id = id
      self.recipient = recipient
    }
  }

  private struct Volume {
    var pending: [Item] = []
    var pendingBytes: Int64 = 0
    var since: Int64 = 0
    var syncing: [Item]?
    var syncingBytes: Int64 = 0
    var syncingSince: Int64 = 0
  }

  /// By st_dev.
  private var volumes: [UInt64: Volume] = [:]

  package init() {}

  /// A file of `bytes` was renamed into place on the file system `device`.
  package mutating func delivered(_ item: Item, bytes: Int64, on device: UInt64, now: Int64) {
    var volume = volumes.removeValue(forKey: device) ?? Volume()
    if volume.pending.isEmpty { volume.since = now }
    volume.pending.append(item)
    volume.pendingBytes += max(0, bytes)
    volumes[device] = volume
  }

  /// The file systems to sync: those where something has been pending since `before`, or with at least `bytes` pending.
  package func due(before: Int64, bytes: Int64) -> [UInt64] {
    volumes.filter { $0.value.syncing == nil && !$0.value.pending.isEmpty && ($0.value.since <= before || $0.value.pendingBytes >= bytes) }
      .keys.sorted()
  }

  /// When the oldest file was delivered that is not known to be stable.
  package func oldest(on device: UInt64) -> Int64? {
    guard let volume = volumes[device] else { return nil }
    return volume.syncing == nil ? volume.since : volume.syncingSince
  }

  /// Bytes that are not known to be stable.
  package func bytes(on device: UInt64) -> Int64 { volumes[device].map { $0.pendingBytes + $0.syncingBytes } ?? 0 }

  /// A syncfs begins now; answers false when there is nothing to gain or one is running.
  package mutating func syncBegan(_ device: UInt64) -> Bool {
    guard var volume = volumes[device], volume.syncing == nil, !volume.pending.isEmpty else { return false }
    volume.syncing = volume.pending
    volume.syncingBytes = volume.pendingBytes
    volume.syncingSince = volume.since
    volume.pending = []
    volume.pendingBytes = 0
    volumes[device] = volume
    return true
  }

  /// It succeeded; answers the files that are stable.
  package mutating func syncEnded(_ device: UInt64) -> [Item] {
    guard let volume = volumes[device], let stable = volume.syncing else { return [] }
    volumes[device]?.syncing = nil
    volumes[device]?.syncingBytes = 0
    if volume.pending.isEmpty { volumes[device] = nil }
    return stable
  }

  /// It failed; answers the files to write again: all that were written since the last success.
  package mutating func syncFailed(_ device: UInt64) -> [Item] {
    guard let volume = volumes.removeValue(forKey: device) else { return [] }
    return (volume.syncing ?? []) + volume.pending
  }
}
