// SPDX-License-Identifier: Apache-2.0
import Events
import Runtime

/// Writes records to the database, and forgets those that are too old or too many.
struct TraceWriter {
  private let settings: TraceKeeper.Settings
  /// Tells this process from others.
  private let run = wallClock()
  private var database: TraceDatabase?
  private var insertion: TraceStatement?
  private var batch: TraceBatch
  private var nextTry = Instant.distantPast
  private var nextCleaning = Instant.distantPast
  private var warnings: [String] = []
  private var isFailing = false

  /// Another process writes, too, while a reload drains.
  private static let patience = Duration.seconds(2)
  private static let retryTime = Duration.seconds(30)
  private static let cleaningInterval = Duration.seconds(60)

  init(_ settings: TraceKeeper.Settings) {
    self.settings = settings
    batch = TraceBatch(run: run, settings)
  }

  mutating func takeWarnings() -> [String] {
    defer { warnings = [] }
    return warnings
  }

  mutating func write(_ records: [UInt8]) {
    guard isOpen() else { return }
    do throws(TraceError) {
      try insert(records)
      try clean()
      isFailing = false
    } catch {
      failed(error)
    }
  }

  // MARK: Opening

  private mutating func isOpen() -> Bool {
    if database != nil { return true }
    guard nextTry <= .now() else { return false }
    do throws(TraceError) {
      try open()
    } catch .damaged(let reason) {
      setAside(reason)
      do throws(TraceError) { try open() } catch { failed(error) }
    } catch {
      failed(error)
    }
    return database != nil
  }

  private mutating func open() throws(TraceError) {
    let opened = try TraceDatabase(path: settings.path, creates: true, patience: Self.patience)
    try opened.run("PRAGMA synchronous = OFF")
    insertion = try TraceStatement(opened, "INSERT INTO batch (first, last, run, shadows, words, records) VALUES (?, ?, ?, ?, ?, ?)")
    database = opened
  }

  private mutating func failed(_ error: TraceError) {
    (insertion, database) = (nil, nil)
    if case .damaged(let reason) = error { return setAside(reason) }
    nextTry = .now() + Self.retryTime
    if !isFailing { warnings.append("trace: \(settings.path): \(error); what happens meanwhile cannot be explained") }
    isFailing = true
  }

  /// Somebody may want to look at it.
  private mutating func setAside(_ reason: String) {
    let disk = LinuxDisk()
    let new = "\(settings.path).damaged"
    do {
      try disk.rename(settings.path, at: nil, to: new, at: nil, replacing: true)
      for suffix in ["-wal", "-shm"] { try? disk.unlink(settings.path + suffix, at: nil) }
      warnings.append("trace: \(settings.path): \(reason): set aside as \(new), and begun anew")
    } catch {
      warnings.append("trace: \(settings.path): \(reason), and it cannot be set aside: \(error)")
      nextTry = .now() + Self.retryTime
    }
  }

  // MARK: Writing

  private mutating func insert(_ records: [UInt8]) throws(TraceError) {
    guard let database else { return }
    try database.run("BEGIN IMMEDIATE")
    var start = 0
    while start < records.count { start = try insertOne(records, from: start) }
    try database.run("COMMIT")
  }

  /// Answers where the next row begins.
  private mutating func insertOne(_ records: [UInt8], from start: Int) throws(TraceError) -> Int {
    batch.removeAll()
    let end = records.withUnsafeBytes { bytes in
      var rest = bytes[start...]
      while !batch.isFull, let event = RecordedEvent(&rest) { batch.add(event) }
      return batch.isFull ? rest.startIndex : bytes.count
    }
    if batch.isEmpty { return end }
    let result = batch.sortedWords.withUnsafeBytes { words in
      batch.records.withUnsafeBytes { records in Result { () throws(TraceError) in try insert(words, records) } }
    }
    try result.get()
    return end
  }

  private func insert(_ words: UnsafeRawBufferPointer, _ records: UnsafeRawBufferPointer) throws(TraceError) {
    guard let insertion else { return }
    defer { insertion.reset() }
    try insertion.bind(batch.first, batch.last, run, batch.shadows)
    try insertion.bind(5, words)
    try insertion.bind(6, records)
    _ = try insertion.step()
  }

  // MARK: Forgetting

  private mutating func clean() throws(TraceError) {
    guard let database else { return }
    if nextCleaning <= .now() {
      nextCleaning = .now() + Self.cleaningInterval
      let (seconds, _) = settings.keep.components
      try database.run("DELETE FROM batch WHERE last < \(wallClock() - seconds * 1_000_000)")
    }
    while try database.usedSize > settings.sizeLimit {
      let rows = try database.number("SELECT count(*) FROM batch")
      if rows <= 1 { return }
      try database.run("DELETE FROM batch WHERE id IN (SELECT id FROM batch ORDER BY id LIMIT \(max(1, rows / 16)))")
    }
  }
}
