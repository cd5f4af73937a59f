// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// One open database with the statement that was prepared for it. Used by one thread at a time.
final class Connection: @unchecked Sendable {
  /// Which file is at a path: another one, if the database was replaced.
  struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64

    /// Nil if nothing is there.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
  }

  struct Failure: Error, CustomStringConvertible {
    enum Kind { case database, statement, run, tooLate }
    let kind: Kind
    let description: String
  }

  let identity: Identity
  private let database: OpaquePointer
  private let statement: OpaquePointer
  private let deadline: UnsafeMutablePointer<csqlite_deadline>

  /// Rows beyond this many bytes are no answer.
  static let maximumAnswer = 64 * 1024

  init(_ path: String, _ sql: [UInt8]) throws(Failure) {
    guard let identity = Identity(path) else { throw Failure(kind: .database, description: "\(path): \(String(cString: strerror(errno)))") }
    var opened: OpaquePointer?
    let result = csqlite_open_reader(path, &opened)
    guard let opened else { throw Failure(kind: .database, description: "out of memory") }
    var prepared: OpaquePointer?
    do throws(Failure) {
      guard result == CSQLITE_OK.status else { throw Self.failure(.database, opened, path) }
      prepared = try Self.prepare(opened, path, sql)
    } catch {
      csqlite_finish(prepared)
      csqlite_close(opened)
      throw error
    }
    guard let prepared else { throw Failure(kind: .statement, description: "there is no statement in it") }
    self.identity = identity
    database = opened
    statement = prepared
    deadline = .allocate(capacity: 1)
    deadline.initialize(to: csqlite_deadline())
  }

  deinit {
    csqlite_finish(statement)
    csqlite_close(database)
    deadline.deallocate()
  }

  private static func failure(_ kind: Failure.Kind, _ database: OpaquePointer, _ path: String? = nil) -> Failure {
    let text = csqlite_message(database).map { String(cString: $0) } ?? ""
    return Failure(kind: kind, description: path.map { "\($0): \(text)" } ?? text)
  }

  private static func prepare(_ database: OpaquePointer, _ path: String, _ sql: [UInt8]) throws(Failure) -> OpaquePointer? {
    // Damage shows with the first look into the file.
    guard csqlite_run(database, "SELECT 1 FROM sqlite_schema LIMIT 1") == CSQLITE_OK.status else { throw failure(.database, database, path) }
    var (prepared, end): (OpaquePointer?, Int) = (nil, 0)
    let text = sql.filter { $0 != 0 } + [0]
    let result = text.withUnsafeBytes { csqlite_prepare_first(database, $0.baseAddress?.assumingMemoryBound(to: CChar.self), &prepared, &end) }
    guard result == CSQLITE_OK.status else { throw failure(.statement, database) }
    guard let prepared else { return nil }
    let rest = text[min(end, text.count)...].filter { $0 > 0x20 && $0 != UInt8(ascii: ";") }
    let fault: String? =
      if !rest.isEmpty {
        "there is more than one statement in it"
      } else if csqlite_only_reads(prepared) == 0 {
        "it changes the database"
      } else {
        csqlite_columns(prepared) == 0 ? "it gives no column" : nil
      }
    guard let fault else { return prepared }
    csqlite_finish(prepared)
    throw Failure(kind: .statement, description: fault)
  }

  enum Value {
    case text([UInt8])
    case number(Int64)
  }

  /// The first column of each row, those that are NULL left out. `milliseconds`: after that it has failed.
  func ask(_ values: [Value], milliseconds: Int, _ each: ([UInt8]) throws -> Void) throws {
    csqlite_limit(database, deadline, Int32(clamping: milliseconds))
    defer { csqlite_reset(statement) }
    try bind(values[...], 1) {
      while true {
        let result = csqlite_step(statement)
        if result == CSQLITE_OK.status { return }
        guard result == CSQLITE_ROW.status else {
          if csqlite_was_interrupted(database) != 0 { throw Failure(kind: .tooLate, description: "the query takes longer than \(milliseconds) ms") }
          throw Self.failure(.run, database)
        }
        var count = 0
        guard let text = csqlite_text(statement, 0, &count) else { continue }
        try each(Array(UnsafeRawBufferPointer(start: text, count: min(count, Self.maximumAnswer + 1)).prefix { $0 != 0 }))
      }
    }
  }

  /// Lends each text until `body` has returned.
  private func bind(_ values: ArraySlice<Value>, _ place: Int32, _ body: () throws -> Void) throws {
    guard let value = values.first else { return try body() }
    switch value {
    case .number(let number):
      try check(csqlite_bind_number(statement, place, number))
      try bind(values.dropFirst(), place + 1, body)
    case .text(let bytes):
      try bytes.withUnsafeBytes { bytes in
        try check(csqlite_bind_text(statement, place, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count))
        try bind(values.dropFirst(), place + 1, body)
      }
    }
  }

  private func check(_ result: Int32) throws(Failure) {
    guard result == CSQLITE_OK.status else { throw Self.failure(.run, database) }
  }
}

extension Int {
  fileprivate var status: Int32 { Int32(truncatingIfNeeded: self) }
}
