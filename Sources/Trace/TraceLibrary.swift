// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Reads what a `TraceKeeper` has written, from any process that may read the file.
package final class TraceLibrary {
  private let database: TraceDatabase

  package struct Row {
    package let id: Int64
    package let run: Int64
    package let records: [UInt8]
  }

  /// Microseconds since 1970.
  package struct Range {
    package var since = Int64.min
    package var until = Int64.max
    package init() {}
  }

  package init(path: String) throws(TraceError) { database = try TraceDatabase(path: path, creates: false, patience: .seconds(10)) }

  /// The rows of a time that have one of `words`, or all; from the oldest to the newest.
  package func rows(_ range: Range, words: Set<TraceWord>? = nil, withShadows: Bool = false, _ body: (Row) -> Void) throws(TraceError) {
    let condition = withShadows ? " AND shadows > 0" : ""
    let statement = try TraceStatement(
      database, "SELECT id, run, words, records FROM batch WHERE last >= ? AND first <= ?\(condition) ORDER BY id")
    try statement.bind(range.since, range.until)
    while try statement.step() {
      if let words, !Self.has(words, in: statement.bytes(2)) { continue }
      body(Row(id: statement.number(0), run: statement.number(1), records: Array(statement.bytes(3))))
    }
  }

  /// What came after a row, for who follows.
  package func rows(after id: Int64, _ body: (Row) -> Void) throws(TraceError) {
    let statement = try TraceStatement(database, "SELECT id, run, records FROM batch WHERE id > ? ORDER BY id")
    try statement.bind(id)
    while try statement.step() { body(Row(id: statement.number(0), run: statement.number(1), records: Array(statement.bytes(2)))) }
  }

  package var lastID: Int64 { get throws(TraceError) { try database.number("SELECT max(id) FROM batch") } }

  private static func has(_ words: Set<TraceWord>, in sorted: UnsafeRawBufferPointer) -> Bool {
    let count = sorted.count / 8
    return words.contains { word in
      var (low, high) = (0, count)
      while low < high {
        let middle = (low + high) / 2
        let hash = sorted.loadUnaligned(fromByteOffset: middle * 8, as: UInt64.self)
        if hash == word.hash { return true }
        if hash < word.hash { low = middle + 1 } else { high = middle }
      }
      return false
    }
  }
}
