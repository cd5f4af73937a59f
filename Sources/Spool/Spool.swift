// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// The on-disk queue of one lane: messages are durable when `commit` says so, and are forgotten when every recipient is final.
///
/// A log in segment files of a fixed size. One committer thread takes what the sessions have handed in since its last batch, writes it
/// with one `pwritev`, syncs it with one `fdatasync` and wakes the sessions; notes on deliveries ride along. Segments leave in the order
/// in which they were filled: what still lives in the oldest is written again at the end, then the file is wiped and used again.
/// docs/spool.md lists every state of the disk and what a start makes of it.
///
/// Three locks, none held during I/O but the committer's own: `intake` (what waits for the committer), `agenda` (what is known of live
/// messages), `log` (the segments; only whoever drives the committer takes it). Order: log, then agenda or intake.
package final class Spool: Sendable {
  package let settings: SpoolSettings
  package let memory: MemoryBudget
  let disk: any Disk
  let folder: SpoolFolder
  let clock: @Sendable () -> Int64
  let report: @Sendable (SpoolEvent) -> Void
  let ids: QueueIDSource
  let boot: Boot
  let intake = Monitor(Intake())
  let agenda: Monitor<Agenda>
  let log: Monitor<SegmentLog>
  let volumes = Monitor(MailboxVolumes())
  /// Rung when the scheduler may find something to take.
  let bell = Monitor(Bell())
  /// Workers with messages in hand.
  let markers = Monitor<Set<Int>>([])
  /// Of the next slot in `relayed`.
  let relayedSequence: Monitor<UInt32>
  private let threads = Monitor<[Thread]>([])

  /// Takes the lane's lock and reads what is there, changing nothing. `start` or `begin` follows, or a look at the queue.
  ///
  /// `clock` gives microseconds since 1970.
  package convenience init(
    folder path: String, lane: UInt8 = 0, disk: any Disk, settings: SpoolSettings = SpoolSettings(),
    clock: @escaping @Sendable () -> Int64, report: @escaping @Sendable (SpoolEvent) -> Void = { _ in }
  ) throws(SpoolError) {
    try self.init(Lane(lane, at: path, disk: disk), disk: disk, settings: settings, clock: clock, report: report)
  }

  /// The same with a lane whose lock was taken before.
  package init(
    _ lane: Lane, disk: any Disk, settings: SpoolSettings = SpoolSettings(), clock: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (SpoolEvent) -> Void = { _ in }
  ) throws(SpoolError) {
    guard settings.segmentSize >= SegmentHeader.area + 4 * (settings.bigMessageSize + 4096), settings.segmentSize <= SpoolSettings.largestSegment
    else { throw .tooLarge }
    self.settings = settings
    self.disk = disk
    self.clock = clock
    self.report = report
    memory = MemoryBudget(limit: settings.memoryLimit)
    boot = Boot(high: disk.bootID.high, low: disk.bootID.low)
    folder = lane.folder
    var recovery = Recovery(folder, settings, boot: boot, report: report)
    try recovery.run()
    ids = QueueIDSource(mark: recovery.mark, lane: lane.number)
    agenda = Monitor(recovery.agenda)
    log = Monitor(recovery.log)
    relayedSequence = Monitor(recovery.relayedSequence)
    for changed in recovery.changed { try settle(changed) }
  }

  deinit {
    for handle in volumes.withLock({ Array($0.handles.values) }) { try? disk.close(handle) }
  }

  /// The id of a message that is about to arrive.
  package func nextQueueID() -> QueueID { ids.next(now: clock()) }

  /// Opens the log for writing and starts the committer's and the mailbox syncer's threads. A disk that cannot be written now is no
  /// error: commits are refused until it can.
  package func start() throws(SystemError) {
    begin()
    let committer = try Thread(name: "spool-commit") { [self] in while waitAndRun() {} }
    threads.withLock { $0.append(committer) }
    let syncer = try Thread(name: "spool-sync") { [self] in while waitAndSyncMailboxes() {} }
    threads.withLock { $0.append(syncer) }
  }

  var hasThreads: Bool { threads.withLock { !$0.isEmpty } }

  /// Ends the threads after what was handed in is committed and the mailboxes are stable. `takeReady` answers with nothing from now on;
  /// let the delivery threads end before this.
  package func stop() {
    stopDelivery()
    volumes.withLock { $0.isStopping = true }
    volumes.signal()
    intake.withLock { $0.isStopping = true }
    intake.signal()
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
    finish()
  }

  /// Nothing is being delivered or could be now, and nothing waits to be noted.
  package var isAtRest: Bool {
    agenda.withLock { agenda in !agenda.hasReady && !agenda.active.values.contains(where: \.isInAttempt) } && intake.withLock { $0.isEmpty }
  }

  /// No message is left, and that is on disk.
  package var isEmpty: Bool { count == 0 && intake.withLock { $0.isEmpty } }

  /// After `stop`: gives the room of empty segments back to the disk, because this lane may not be used for long.
  package func removeSpares() {
    log.withLock { log in
      guard log.isClosed, !log.sealed.isEmpty else { return }
      while let spare = log.free.popLast() { try? disk.unlink(spare.file.name, at: folder.directory) }
    }
  }

  /// The end of a spool that is driven by hand: the last mailbox sync, the last batch.
  package func finish() {
    syncMailboxes(isDue: false)
    while runOnce() {}
    log.withLock { close(&$0) }
    clearMarkers()
  }
}
