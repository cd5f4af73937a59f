// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What was taken from the intake and is not on disk yet.
struct Work {
  var messages: ArraySlice<PendingMessage> = []
  var notes: ArraySlice<NoteRecord> = []

  var isEmpty: Bool { messages.isEmpty && notes.isEmpty }
}

extension Spool {
  /// Writes what waits, and puts the segments in order; answers whether it got anything done. The committer's thread calls this
  /// again and again; tests call it by hand. One caller at a time does the work, others wait.
  package func runOnce() -> Bool {
    log.withLock { log in
      var work = takeWork()
      let before = log.written
      if work.isEmpty && log.voids.isEmpty { return tidy(&log) }
      if clock() >= log.retryAt {
        if !log.isOpened { open(&log) }
        declareVoids(&log)
        while !work.isEmpty, log.voids.isEmpty, log.isOpened, writeNext(&work, &log) {}
        declareVoids(&log)
      }
      giveUp(work, &log)
      return tidy(&log) || log.written != before
    }
  }

  /// Opens the log for writing: files that are out of place go, ids are claimed.
  package func begin() {
    log.withLock { log in
      open(&log)
      if log.isOpened { removeOrphans() }
    }
  }

  private func takeWork() -> Work {
    intake.withLock { intake in
      defer {
        if !intake.messages.isEmpty { intake.lastTaken = intake.messages.count }
        intake.messages = []
        intake.notes = []
        intake.finished = []
      }
      guard !intake.finished.isEmpty else { return Work(messages: intake.messages[...], notes: intake.notes[...]) }
      // What is over needs no other note any more.
      let over = Set(intake.finished)
      let notes = intake.notes.filter { note in
        switch note {
        case .state(let id, _, _), .snapshot(let id, _): !over.contains(id)
        case .finished, .void: true
        }
      }
      return Work(messages: intake.messages[...], notes: (notes + finishedNotes(intake.finished))[...])
    }
  }

  /// In portions that fit anywhere.
  private func finishedNotes(_ ids: [QueueID]) -> [NoteRecord] {
    stride(from: 0, to: ids.count, by: 256).map { .finished(Array(ids[$0..<min($0 + 256, ids.count)])) }
  }

  /// One batch of what is left; false when it cannot be written now.
  private func writeNext(_ work: inout Work, _ log: inout SegmentLog) -> Bool {
    guard let batch = takeBatch(&work, &log) else { return false }
    guard write(batch, &log) else {
      work.notes = batch.notes + work.notes
      return false
    }
    return true
  }

  /// Messages that could not be written are refused, notes are kept for the next time.
  private func giveUp(_ work: Work, _ log: inout SegmentLog) {
    if !work.notes.isEmpty {
      intake.withLock { $0.notes.insert(contentsOf: work.notes, at: 0) }
    }
    guard !work.messages.isEmpty else { return }
    refuse(work.messages, &log)
  }

  private func refuse(_ messages: ArraySlice<PendingMessage>, _ log: inout SegmentLog) {
    let outcome = (log.failure ?? log.shortage).map(CommitOutcome.init) ?? .localError(cause: "the spool is closed")
    if log.refusing != outcome { report(.refusing(outcome)) }
    log.refusing = outcome
    for message in messages { message.completion.resume(outcome) }
  }

  /// After a failed write nothing else is written before these ids are durably void.
  private func declareVoids(_ log: inout SegmentLog) {
    guard !log.voids.isEmpty else { return }
    let ids = log.voids
    let notes = stride(from: 0, to: ids.count, by: 256).map { NoteRecord.void(Array(ids[$0..<min($0 + 256, ids.count)])) }
    guard secureRoom(Batch.headSpace + notes.reduce(0) { $0 + $1.encodedSizeBound }, &log), write(Batch(notes: notes), &log) else { return }
    log.voids = []
  }

  /// Writes and syncs a batch into the active segment, which has room for it, and makes it known. On failure the segment is sealed, the
  /// messages are refused and their ids wait to be declared void.
  func write(_ batch: Batch, _ log: inout SegmentLog) -> Bool {
    guard var segment = log.active else { return false }
    let mark = ids.mark(now: clock(), isLast: batch.isLast)
    let head = BatchHead(sequence: log.nextSequence, mark: mark, boot: boot, isLast: batch.isLast)
    log.nextSequence += 1
    let layout = batch.encode(into: &log.writer, head: head, generation: segment.generation, offset: segment.offset)
    do throws(DiskError) {
      try put(batch, log.writer, segment, mark)
      try disk.synchronizeData(segment.file.handle)
    } catch {
      fail(batch, error, &log)
      return false
    }
    ids.claimed(mark)
    if segment.isHeaderPending {
      segment.isHeaderPending = false
      use(segment)
    }
    segment.offset = aligned(segment.offset + layout.length)
    log.active = segment
    log.failure = nil
    log.failures = 0
    log.written += 1
    if log.refusing != nil, !batch.messages.isEmpty {
      log.refusing = nil
      report(.accepting)
    }
    publish(batch, layout, segment)
    return true
  }

  private func put(_ batch: Batch, _ writer: RecordWriter, _ segment: OpenSegment, _ mark: QueueID) throws(DiskError) {
    let header =
      segment.isHeaderPending
      ? SegmentHeader(generation: segment.generation, isEmpty: false, mark: mark).area() : []
    let start = segment.isHeaderPending ? 0 : segment.offset
    try batch.withContents { (contents) throws(DiskError) in
      try writer.bytes.withPieces { (records) throws(DiskError) in
        try header.withPieces { (header) throws(DiskError) in
          try disk.write(segment.file.handle, header + records + contents, offset: Int64(start))
        }
      }
    }
  }

  /// Never the same segment again: the kernel has dropped the pages that it could not write, and a second sync would say all is well.
  private func fail(_ batch: Batch, _ error: DiskError, _ log: inout SegmentLog) {
    report(.writeFailed(error))
    log.voids += batch.messages.map(\.message.id)
    log.failure = error
    log.failures += 1
    // Once at once in another segment; then less and less often.
    if log.failures > 1 { log.retryAt = clock() + 1_000_000 << Int64(min(log.failures, 6)) }
    if let active = log.active { use(active) }
    log.seal()
    refuse(batch.messages[...], &log)
  }

  /// Makes a segment known to the agenda.
  private func use(_ segment: OpenSegment) {
    agenda.withLock { agenda in
      if agenda.segments[segment.serial] == nil {
        agenda.segments[segment.serial] = SegmentUse(file: segment.file, generation: segment.generation)
      }
    }
  }
}

// MARK: the thread

extension Spool {
  /// One turn of the committer's thread; false when it is time to end.
  func waitAndRun() -> Bool {
    let isBusy = intake.wait(timeout: settings.noteDelay) { intake -> Bool? in
      if intake.isStopping { return false }
      return intake.messages.isEmpty ? nil : intake.lastTaken > 1
    }
    switch isBusy {
    case true?: Thread.sleep(settings.gatherDelay)
    case false?: break
    case nil: if intake.withLock({ $0.isEmpty }) { waitForWork() }
    }
    let didWork = runOnce()
    return intake.withLock { !$0.isStopping || (didWork && !$0.isEmpty) }
  }

  /// Sleeps until anything at all is handed in; notes then wait `noteDelay` for company.
  private func waitForWork() {
    _ = intake.wait { intake -> Bool? in
      intake.isAsleep = intake.isEmpty && !intake.isStopping
      return intake.isAsleep ? nil : true
    }
  }
}
