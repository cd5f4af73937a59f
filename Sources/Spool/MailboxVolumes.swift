// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// The file system of a mailbox, and how a file written there becomes durable.
package struct MailboxVolume: Equatable, Sendable {
  package let device: UInt64
  /// Delivery writes and renames without an fsync and notes `.delivered`; the spool makes it stable. Otherwise delivery syncs file and
  /// folder itself and notes `.stable`.
  package let isLazy: Bool
}

/// The file systems with mailboxes: what is pending there, and a descriptor that was opened before the first write and is kept, because a
/// syncfs reports the errors since its descriptor was opened.
struct MailboxVolumes {
  var stability = Stability()
  var handles: [UInt64: DiskHandle] = [:]
  /// Not one of those whose syncfs reports every error.
  var untrusted: Set<UInt64> = []
  var isStopping = false
}

extension Spool {
  /// Which file system an open folder is on. Before the first write to a mailbox, and as often as one likes.
  package func mailboxVolume(of folder: DiskHandle) throws(DiskError) -> MailboxVolume {
    let device = try disk.status(folder).device
    if let known = knownVolume(device) { return known }
    let kind = try disk.fileSystem(folder)
    let handle = try disk.open(".", at: folder, [.read, .directory], mode: 0)
    let surplus = volumes.withLock { volumes -> DiskHandle? in
      if volumes.handles[device] != nil { return handle }
      volumes.handles[device] = handle
      if kind == .other { volumes.untrusted.insert(device) }
      return nil
    }
    if let surplus { try? disk.close(surplus) }
    return knownVolume(device) ?? MailboxVolume(device: device, isLazy: false)
  }

  /// When files have waited for so many times the usual delay, the file system is too slow to be lazy on.
  private static let latest: Int64 = 16

  private func knownVolume(_ device: UInt64) -> MailboxVolume? {
    volumes.withLock { volumes in
      guard volumes.handles[device] != nil else { return nil }
      let isCrowded = volumes.stability.bytes(on: device) >= 2 * settings.stableBytes
      let isLate = volumes.stability.oldest(on: device).map { clock() - $0 > Self.latest * settings.stableDelay.microseconds } ?? false
      return MailboxVolume(device: device, isLazy: !volumes.untrusted.contains(device) && !isCrowded && !isLate)
    }
  }

  /// Makes the files on every file system stable where it is time, or everywhere. The syncer's thread calls this again and again; tests
  /// call it by hand.
  package func syncMailboxes(isDue: Bool) {
    let before = clock() - settings.stableDelay.microseconds
    let due = volumes.withLock { volumes in
      volumes.stability.due(before: isDue ? before : .max, bytes: settings.stableBytes)
        .compactMap { device in volumes.handles[device].map { (device, $0) } }
    }
    for (device, handle) in due { sync(device, handle) }
  }

  private func sync(_ device: UInt64, _ handle: DiskHandle) {
    guard volumes.withLock({ $0.stability.syncBegan(device) }) else { return }
    do {
      try disk.synchronizeFileSystem(handle)
      let stable = volumes.withLock { $0.stability.syncEnded(device) }
      for item in stable { note(item.id, recipient: item.recipient, .stable) }
      settleStable(stable)
    } catch {
      report(.mailboxSyncFailed(error))
      redo(volumes.withLock { $0.stability.syncFailed(device) })
    }
  }

  /// What had other recipients to try can be parked now.
  private func settleStable(_ items: [Stability.Item]) {
    let later = clock() + settings.unnotedDelay.microseconds
    let notes = agenda.withLock { agenda in
      items.compactMap { item -> NoteRecord? in
        guard let message = agenda.active[item.id], !message.isInAttempt, !message.states.allSatisfy(\.isFinal) else { return nil }
        return agenda.settle(item.id, waitingUntil: later)
      }
    }
    for note in notes { enqueue(note) }
    if !notes.isEmpty { ringAll() }
  }

  /// Whatever was delivered since the last success is written again, from the spool.
  private func redo(_ items: [Stability.Item]) {
    agenda.withLock { agenda in
      for item in items { agenda.redo(item) }
    }
    ringAll()
  }

  /// One turn of the syncer's thread; false when it is time to end.
  func waitAndSyncMailboxes() -> Bool {
    let isStopping = volumes.wait(timeout: settings.stableDelay) { volumes -> Bool? in
      if volumes.isStopping { return true }
      return volumes.stability.due(before: .min, bytes: settings.stableBytes).isEmpty ? nil : false
    }
    syncMailboxes(isDue: isStopping != true)
    return isStopping != true
  }
}

extension Agenda {
  fileprivate mutating func redo(_ item: Stability.Item) {
    guard var message = active[item.id], !message.isDeleted, case .delivered? = message.states[at: item.recipient] else { return }
    message.states[item.recipient] = .waiting
    message.replays[item.recipient] = .rewrite
    active[item.id] = message
    // An attempt under way ends first, and its end finds the recipient waiting.
    if !message.isInAttempt { schedule(item.id, at: 0) }
  }
}

extension Array {
  fileprivate subscript(at index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension Duration {
  var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
