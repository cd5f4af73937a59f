// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import Runtime

// Tables that plugins answer for, asked by code that knows nothing of waiting.
//
// On a thread that may block, `Table.value(for:)` waits for the answer. On an event loop it must not: there `Lookups.resolve` runs the code once, and where an answer is
// missing has it looked up on the table's threads and runs the code again, which so gets further each time. It asks in the order in which the code does, and nothing that
// the code would not have asked. The code must have no effect but its result.

package enum Lookups {
  /// No decision on an event loop asks for more.
  package static let maximum = 256
  /// Nor one on a thread of its own: a list of many users, each an alias for others.
  package static let maximumWaited = 65_536

  /// The result of `body`, and whether a table that it asked could not tell. On an event loop; elsewhere `body` waits by itself. What `memo` has is not asked again.
  package static func resolve<Result>(_ memo: LookupMemo = LookupMemo(), _ body: () -> Result) async -> (result: Result, hasFailed: Bool) {
    guard let loop = EventLoop.current else { return wait(body) }
    while true {
      let result = memo.during(body)
      guard let (table, key) = memo.missing else { return (result, memo.hasFailed) }
      memo.add(memo.count < maximum ? await table.answer(key, on: loop) : .failure(.tooMany), to: key, of: table)
    }
  }

  /// The same on a thread that may block. `body` runs once, and may do more than to find a result out.
  package static func wait<Result>(_ body: () -> Result) -> (result: Result, hasFailed: Bool) {
    let memo = LookupMemo(waits: true)
    let result = memo.during(body)
    return (result, memo.hasFailed)
  }
}

/// What was answered so far. While `body` runs, the tables that it asks find it by the thread.
package final class LookupMemo {
  private struct Key: Hashable {
    let table: ObjectIdentifier
    let key: [UInt8]
  }

  private var answers: [Key: TableAnswer] = [:]
  private var failed: Set<ObjectIdentifier> = []
  /// The first question that had no answer yet.
  private(set) var missing: (table: PluginTable, key: [UInt8])?
  /// Such a question is asked at once, and waited for.
  private let waits: Bool

  package convenience init() { self.init(waits: false) }

  init(waits: Bool) { self.waits = waits }

  var count: Int { answers.count }
  var hasFailed: Bool { !failed.isEmpty }

  static var current: LookupMemo? { cpluginhost_get_memo().map { Unmanaged<LookupMemo>.fromOpaque($0).takeUnretainedValue() } }

  /// The tables that `body` asks answer what is known here.
  package func during<Result>(_ body: () -> Result) -> Result {
    missing = nil
    failed = []
    let before = cpluginhost_get_memo()
    cpluginhost_set_memo(Unmanaged.passUnretained(self).toOpaque())
    defer { cpluginhost_set_memo(before) }
    return body()
  }

  /// Nil for what is not known yet, too: then `body` is run again.
  func value(of key: [UInt8], in table: PluginTable) -> String? {
    // One that could not tell is not asked again in the same run.
    if failed.contains(ObjectIdentifier(table)) { return nil }
    switch answers[Key(table: ObjectIdentifier(table), key: key)] {
    case .value(let text): return text
    case TableAnswer.none?: return nil
    case .failure: failed.insert(ObjectIdentifier(table))
    case nil where waits && count < Lookups.maximumWaited:
      add(table.wait(for: key), to: key, of: table)
      return value(of: key, in: table)
    case nil where waits: failed.insert(ObjectIdentifier(table))
    case nil: if missing == nil { missing = (table, key) }
    }
    return nil
  }

  func hasFailed(_ table: PluginTable) -> Bool { failed.contains(ObjectIdentifier(table)) }

  func add(_ answer: TableAnswer, to key: [UInt8], of table: PluginTable) { answers[Key(table: ObjectIdentifier(table), key: key)] = answer }
}
