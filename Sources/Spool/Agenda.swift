// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What the spool knows of its live messages: where each is on disk and what is to be done next. Small per message, because there may be
/// a million of them.
struct Agenda {
  var entries: [QueueID: Entry] = [:]
  var segments: [UInt32: SegmentUse] = [:]
  /// Messages taken for delivery, or with files that are not stable yet, or whose snapshot is not on disk yet.
  var active: [QueueID: ActiveMessage] = [:]

  var mailboxes = Door()
  var scheduler = Door()
  /// `SpoolSettings.ownRoutes`.
  var ownRoutes = Recipient.Routes.all
  /// `SpoolSettings.suspectCrashes`.
  var suspectCrashes: UInt8 = 1
  var isStopping = false
}

/// A live message: 40 bytes.
struct Entry {
  /// Of the message's record.
  var segment: UInt32
  var offset: UInt32
  var length: UInt32
  var contentLength: UInt32
  /// Of its last snapshot; segment 0 is none.
  var snapshotSegment: UInt32 = 0
  var snapshotOffset: UInt32 = 0
  var snapshotLength: UInt32 = 0
  var crashes: UInt8 = 0
  var phase: Phase
  var origin: Origin
  private var kind: Kind
  var nextAttempt: Int64 = 0

  /// Its content has a file of its own.
  var isFile: Bool { kind.contains(.file) }
  var door: Door.Name { kind.contains(.scheduled) ? .scheduler : .mailboxes }

  /// From its next attempt on.
  mutating func moveToScheduler() { kind.insert(.scheduled) }

  init(
    segment: UInt32, offset: UInt32, length: UInt32, contentLength: UInt32, phase: Phase, origin: Origin, isFile: Bool, door: Door.Name
  ) {
    self.segment = segment
    self.offset = offset
    self.length = length
    self.contentLength = contentLength
    self.phase = phase
    self.origin = origin
    kind = isFile ? .file : []
    if door == .scheduler { kind.insert(.scheduled) }
  }

  enum Phase: UInt8 {
    case ready, active, parked, held
  }

  /// One byte: there may be a million of them.
  private struct Kind: OptionSet {
    let rawValue: UInt8
    static let file = Kind(rawValue: 1)
    static let scheduled = Kind(rawValue: 2)
  }

  /// Since when the spool knows it; decides what a delivery must look at (`Replay`).
  enum Origin: UInt8 {
    /// Committed by this process and not tried yet.
    case fresh
    /// Tried by this process, or found by it after another of the same run of the machine.
    case known
    /// Found after the machine had started.
    case rebooted
  }

  /// Bytes it keeps alive in its segment.
  var weight: Int { Int(length) + (isFile ? 0 : Int(contentLength)) }
}

/// A segment with records that may be needed.
struct SegmentUse {
  let file: SegmentFile
  let generation: UInt64
  var live = 0
  var liveBytes = 0
  /// Every message whose record was put here; some are gone or elsewhere now.
  var ids: [QueueID] = []
}

struct ActiveMessage {
  /// Empty until they are read from disk.
  var states: [RecipientState]
  /// All before this one are final, and stay so.
  var firstOpen = 0
  var replays: [Int: Replay] = [:]
  var isInAttempt: Bool
  /// The scheduler has it, and has not begun with any of its recipients: it may be taken away.
  var isQueued = false
  /// Nothing keeps it here but snapshots on their way to the disk.
  var isParking = false
  /// How many those are.
  var snapshots = 0
  var isDeleted = false
  /// The sender was told that it waits.
  var isWarned = false
}

extension Agenda {
  /// Something may be taken without waiting for its time.
  var hasReady: Bool { mailboxes.hasReady || scheduler.hasReady }

  mutating func add(_ id: QueueID, _ entry: Entry) {
    entries[id] = entry
    segments[entry.segment]?.live += 1
    segments[entry.segment]?.liveBytes += entry.weight
    segments[entry.segment]?.ids.append(id)
  }

  /// Its place on disk is no longer needed.
  mutating func forget(_ entry: Entry) {
    segments[entry.segment]?.live -= 1
    segments[entry.segment]?.liveBytes -= entry.weight
  }

  mutating func remove(_ id: QueueID) -> Entry? {
    active[id] = nil
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    forget(entry)
    return entry
  }

  /// A mailbox is looked over, after the process has died, for one message at a time: what else it holds was there before.
  func isSuspect(_ entry: Entry?) -> Bool {
    guard let entry else { return false }
    return entry.crashes >= (entry.door == .mailboxes ? 1 : suspectCrashes)
  }

  /// Puts a message where its progress says.
  mutating func schedule(_ id: QueueID, at time: Int64) {
    guard let door = entries[id]?.door else { return }
    entries[id]?.nextAttempt = time
    switch time {
    case Progress.asked: entries[id]?.phase = .held
    case ...0:
      entries[id]?.phase = .ready
      if isSuspect(entries[id]) { self[door].suspects.append(id) } else { self[door].backlog.append(id) }
    default:
      entries[id]?.phase = .parked
      self[door].parked.insert(id, at: time)
    }
  }
}
