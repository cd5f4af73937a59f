// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

@testable import SQLiteTable

/// Any query, result_format and key: what is refused is refused in words; else the statement is asked of a real database, whose rows are an answer or none. The statement
/// is made before there is a key, so that no key can be a part of it; here each parameter is what SQLite counts. Lines of the input: the query, result_format, domain, the key.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count < 4096 else { return 0 }
  let lines = UnsafeBufferPointer(start: start, count: count).split(separator: 0x0a, maxSplits: 3, omittingEmptySubsequences: false).map(Array.init)
  func line(_ number: Int) -> [UInt8] { lines.indices.contains(number) ? lines[number] : [] }
  do {
    let query = try Query(String(decoding: line(0), as: UTF8.self))
    let format = try Template(String(decoding: line(1), as: UTF8.self), option: "result_format")
    let domains = try DomainFilter(String(decoding: line(2), as: UTF8.self))
    try ask(query, format, domains, line(3))
  } catch {
    precondition(!"\(error)".isEmpty, "a refusal without a word")
  }
  return 0
}

private func ask(_ query: Query, _ format: Template, _ domains: DomainFilter?, _ key: [UInt8]) throws {
  let needs = Needs(query: query.placeholders, result: format.placeholders)
  _ = domains?.takes(key)
  guard let subject = Subject(key, user: needs.keyUser, domain: needs.keyDomain, labels: needs.keyLabels) else { return }
  let values = query.parameters.map { Connection.Value.text($0.template.filled { subject.part($0, of: subject) }) }
  var answer = Answer(format: format, needs: needs, key: subject, limit: 3)
  try Connection(Sample.path, query.sql).ask(values, milliseconds: 20) { try answer.add($0) }
  precondition(answer.values.count <= 3, "more rows than expansion_limit")
  precondition(answer.values.allSatisfy { !$0.isEmpty }, "an empty value")
}

private enum Sample {
  /// Made once: a table of a few rows, some of them odd.
  static let path: String = {
    let path = "/tmp/weir-fuzz-\(getpid()).db"
    atexit { unlink(Sample.path) }
    unlink(path)
    var database: OpaquePointer?
    guard csqlite_open(path, 1, 0, &database) == 0, let database else { fatalError("no database") }
    let rows = "('alice@weir.test','alice/',1),('bob@weir.test','',2),('x',NULL,3),('o''brien','a,b',4)"
    for statement in ["CREATE TABLE users (address TEXT, mailbox TEXT, id INTEGER)", "INSERT INTO users VALUES \(rows)"] {
      precondition(csqlite_run(database, statement) == 0)
    }
    csqlite_close(database)
    return path
  }()
}
