// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Runtime

package enum TraceError: Error, CustomStringConvertible {
  /// It is no database, or one that was damaged.
  case damaged(String)
  case failed(String)

  package var description: String {
    switch self {
    case .damaged(let reason), .failed(let reason): reason
    }
  }
}

/// The database of the trace. Its calls wait for a disk. Used by one thread at a time.
final class TraceDatabase: @unchecked Sendable {
  private let database: OpaquePointer

  /// The form of the table, and of what is in it. A database of another is set aside.
  static let version: Int64 = 1

  private static let schema = """
    CREATE TABLE IF NOT EXISTS batch (
      id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, run INTEGER NOT NULL, shadows INTEGER NOT NULL,
      words BLOB NOT NULL, records BLOB NOT NULL)
    """

  init(path: String, creates: Bool, patience: Duration) throws(TraceError) {
    var opened: OpaquePointer?
    let milliseconds = Int32(clamping: Int64(patience / .milliseconds(1)))
    let outcome = csqlite_open(path, creates ? 1 : 0, milliseconds, &opened)
    guard let opened else { throw .failed("no memory") }
    guard outcome == CSQLITE_OK else {
      let reason = String(cString: csqlite_message(opened))
      csqlite_close(opened)
      throw outcome == CSQLITE_DAMAGED ? .damaged(reason) : .failed(reason)
    }
    database = opened
    try prepare(creates)
  }

  deinit { csqlite_close(database) }

  private func prepare(_ creates: Bool) throws(TraceError) {
    let version = try number("PRAGMA user_version")
    if version == Self.version { return }
    guard version == 0, try number("SELECT count(*) FROM sqlite_schema") == 0 else {
      throw .damaged("it has the form \(version), not \(Self.version)")
    }
    guard creates else { throw .failed("there is nothing in it yet") }
    // A power cut may take what was written last, which nobody was promised.
    try run("PRAGMA journal_mode = WAL")
    try run(Self.schema)
    try run("PRAGMA user_version = \(Self.version)")
  }

  func run(_ sql: String) throws(TraceError) { try check(csqlite_run(database, sql)) }

  func number(_ sql: String) throws(TraceError) -> Int64 {
    let statement = try TraceStatement(self, sql)
    return try statement.step() ? statement.number(0) : 0
  }

  /// Bytes that rows take up, without what was given up and can be used again.
  var usedSize: Int64 {
    get throws(TraceError) {
      try (number("PRAGMA page_count") - number("PRAGMA freelist_count")) * number("PRAGMA page_size")
    }
  }

  fileprivate func prepared(_ sql: String) throws(TraceError) -> OpaquePointer {
    var statement: OpaquePointer?
    try check(csqlite_prepare(database, sql, &statement))
    guard let statement else { throw .failed("no statement") }
    return statement
  }

  fileprivate func check(_ outcome: Int32) throws(TraceError) {
    if outcome >= CSQLITE_OK { return }
    let reason = String(cString: csqlite_message(database))
    throw outcome == CSQLITE_DAMAGED ? .damaged(reason) : .failed(reason)
  }
}

/// A statement with places for values.
final class TraceStatement {
  private let database: TraceDatabase
  private let statement: OpaquePointer

  init(_ database: TraceDatabase, _ sql: String) throws(TraceError) {
    self.database = database
    statement = try database.prepared(sql)
  }

  deinit { csqlite_finish(statement) }

  func bind(_ numbers: Int64...) throws(TraceError) {
    for (index, number) in numbers.enumerated() { try database.check(csqlite_bind_number(statement, Int32(index + 1), number)) }
  }

  /// `bytes` must stay until `reset`.
  func bind(_ place: Int32, _ bytes: UnsafeRawBufferPointer) throws(TraceError) {
    try database.check(csqlite_bind_bytes(statement, place, bytes.baseAddress, bytes.count))
  }

  /// Whether there is a row.
  func step() throws(TraceError) -> Bool {
    let outcome = csqlite_step(statement)
    try database.check(outcome)
    return outcome == CSQLITE_ROW
  }

  func reset() { csqlite_reset(statement) }
  func number(_ column: Int32) -> Int64 { csqlite_number(statement, column) }

  /// Valid until the next step.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    var count = 0
    let bytes = csqlite_bytes(statement, column, &count)
    return UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
  }
}
