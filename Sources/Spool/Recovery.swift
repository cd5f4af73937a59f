// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// Makes sense of what a lane's folder holds. Only reads; what is to be changed is left to `Spool.begin`.
struct Recovery {
  let folder: SpoolFolder
  private let settings: SpoolSettings
  let boot: Boot
  let report: @Sendable (SpoolEvent) -> Void

  var agenda = Agenda()
  var log = SegmentLog()
  var mark = QueueID(rawValue: 0)
  private(set) var lastBoot: Boot?
  /// States noted since the last snapshot of a message.
  private(set) var deltas: [QueueID: [(recipient: Int, state: RecipientState)]] = [:]
  /// Those whose recipients' states have to be put together.
  var changed: [Changed] = []
  /// Of the next slot in `relayed`.
  var relayedSequence: UInt32 = 0

  struct Changed {
    let id: QueueID
    let deltas: [(recipient: Int, state: RecipientState)]
    let isSuspect: Bool
  }

  init(_ folder: SpoolFolder, _ settings: SpoolSettings, boot: Boot, report: @escaping @Sendable (SpoolEvent) -> Void) {
    self.folder = folder
    self.settings = settings
    self.boot = boot
    self.report = report
    agenda.ownRoutes = settings.ownRoutes
    agenda.suspectCrashes = settings.suspectCrashes
  }

  mutating func run() throws(SpoolError) {
    do throws(DiskError) {
      try readSegments()
    } catch {
      throw .disk(error)
    }
    if let later { throw .unknownFormat(file: later) }
    try readRelayed()
    let suspects = try readMarkers()
    settle(suspects)
    report(.recovered(messages: agenda.entries.count))
  }

  /// A segment that a later release wrote.
  private var later: String?

  // MARK: segments

  private struct Used {
    let scanner: SegmentScanner
    let sequence: UInt64
  }

  private mutating func readSegments() throws(DiskError) {
    var used: [Used] = []
    for name in try folder.disk.list(folder.directory).sorted() where name.hasPrefix(SegmentFile.prefix) {
      if let segment = try classify(name) { used.append(segment) }
    }
    for segment in used.sorted(by: { $0.sequence < $1.sequence }) { try read(segment) }
  }

  /// Opens a segment file; nil when it holds nothing.
  private mutating func classify(_ name: String) throws(DiskError) -> Used? {
    let disk = folder.disk
    let handle = try disk.openOrLook(name, at: folder.directory, [.read, .write])
    let size = Int(try disk.status(handle).size)
    let file = SegmentFile(disk, handle: handle, name: name, size: size)
    switch try header(file) {
    case .good where size > SpoolSettings.largestSegment, .damaged:
      report(.damage(segment: name, offset: 0))
      log.aside.append(file)
      return nil
    case .good(let header) where !header.isEmpty:
      mark = max(mark, header.mark)
      let scanner = SegmentScanner(file: file, generation: header.generation)
      if let first = try scanner.first() { return Used(scanner: scanner, sequence: first.head.sequence) }
    case .good(let header): mark = max(mark, header.mark)
    case .blank: break
    case .later:
      later = name
      return nil
    }
    // Of another size: from before a change of the setting. One that is used again must have the present one.
    if size == settings.segmentSize { log.free.append(FreeSegment(file: file)) } else { log.surplus.append(file) }
    return nil
  }

  private enum HeaderState {
    case good(SegmentHeader)
    case blank, damaged, later
  }

  /// The better copy. When they differ a wipe or a first batch was cut off: either is right, but one that says "used" may be the truth.
  private func header(_ file: SegmentFile) throws(DiskError) -> HeaderState {
    var best: HeaderState = .blank
    for copy in SegmentHeader.copies {
      let bytes = try file.read(copy, SegmentHeader.size)
      do throws(SegmentHeader.ReadFailure) {
        let header = try SegmentHeader(bytes)
        if case .good(let first) = best, first.isEmpty == header.isEmpty || !first.isEmpty { continue }
        best = .good(header)
      } catch {
        switch (error, best) {
        case (.unknownVersion, .blank), (.unknownVersion, .damaged): best = .later
        case (.damaged, .blank): best = .damaged
        default: break
        }
      }
    }
    return best
  }

  private mutating func read(_ segment: Used) throws(DiskError) {
    let scanner = segment.scanner
    let serial = log.nextSerial
    log.nextSerial += 1
    agenda.segments[serial] = SegmentUse(file: scanner.file, generation: scanner.generation)
    var (isDamaged, isUnproven) = (false, false)
    try scanner.scan { (event) throws(DiskError) in
      switch event {
      case .batch(let head): note(head)
      case .record(let frame, let bytes, let position, let base, let isProven):
        if !isProven { isUnproven = true }
        try apply(frame, bytes, position, base, serial, scanner.file, isProven: isProven)
      case .damage(let offset):
        isDamaged = true
        report(.damage(segment: scanner.file.name, offset: offset))
      case .torn(let offset): report(.tornTail(segment: scanner.file.name, offset: offset))
      }
    }
    log.sealed.append(SealedSegment(file: scanner.file, serial: serial, isDamaged: isDamaged))
    if isUnproven { log.unproven.append(scanner.file) }
  }

  private mutating func note(_ head: BatchHead) {
    mark = max(mark, head.mark)
    log.nextSequence = max(log.nextSequence, head.sequence &+ 1)
    lastBoot = head.boot
  }

  // MARK: records

  private mutating func apply(
    _ frame: RecordFrame, _ bytes: [UInt8], _ position: Int, _ base: Int, _ serial: UInt32, _ file: SegmentFile, isProven: Bool
  ) throws(DiskError) {
    let place = Batch.Place(offset: UInt32(base + position), length: UInt32(frame.length))
    if let summary = bytes.withUnsafeBytes({ RecordSummary(frame, $0, at: position) }) {
      try apply(summary, QueueID(rawValue: frame.id), place, serial, file, isProven: isProven)
    } else if let note = bytes.withUnsafeBytes({ NoteRecord(frame, $0, at: position) }) {
      apply(note)
      if !isProven, note.isEnd { log.repeats.append(note) }
    }
  }

  private mutating func apply(
    _ summary: RecordSummary, _ id: QueueID, _ place: Batch.Place, _ serial: UInt32, _ file: SegmentFile, isProven: Bool
  ) throws(DiskError) {
    guard let content = summary.place else { return apply(snapshot: summary, id, place, serial) }
    if !isProven, !content.isFile, !(try isWhole(content, file)) {
      return report(.tornTail(segment: file.name, offset: Int(place.offset)))
    }
    if let old = agenda.entries[id] {
      // The same message once more: it was moved here. Unless that is proven, only the page cache may have it: the old place counts.
      if !isProven { return }
      agenda.forget(old)
    }
    var entry = Entry(
      segment: serial, offset: place.offset, length: place.length, contentLength: UInt32(clamping: content.length), phase: .ready,
      origin: .known, isFile: content.isFile, door: agenda.door(summary.routes))
    entry.nextAttempt = summary.nextAttempt
    entry.crashes = summary.crashes
    agenda.add(id, entry)
    deltas[id] = nil
  }

  /// In a batch that nothing proves to be complete, a record can be there without its content.
  private func isWhole(_ place: ContentPlace, _ file: SegmentFile) throws(DiskError) -> Bool {
    guard place.length <= Int64(file.size) else { return false }
    var crc = CRC32C()
    crc.update(try file.read(place.offset, Int(place.length)))
    return crc.value == place.crc
  }

  private mutating func apply(snapshot summary: RecordSummary, _ id: QueueID, _ place: Batch.Place, _ serial: UInt32) {
    guard var entry = agenda.entries[id] else { return }
    entry.snapshotSegment = serial
    entry.snapshotOffset = place.offset
    entry.snapshotLength = place.length
    entry.nextAttempt = summary.nextAttempt
    entry.crashes = summary.crashes
    agenda.entries[id] = entry
    deltas[id] = nil
  }

  mutating func note(_ id: QueueID, recipient: Int, _ state: RecipientState) { deltas[id, default: []].append((recipient, state)) }

  private mutating func apply(_ note: NoteRecord) {
    switch note {
    case .state(let id, let recipient, let state): self.note(id, recipient: recipient, state)
    case .finished(let ids), .void(let ids):
      for id in ids {
        _ = agenda.remove(id)
        deltas[id] = nil
      }
    case .snapshot: break
    }
  }
}
