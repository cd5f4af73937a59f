// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Trace

/// A message, or a session that never got so far as to have one.
struct TraceCase {
  enum Key: Hashable {
    case message(QueueID)
    case session(UInt32, run: Int64)

    init?(_ event: TraceEvent, run: Int64) {
      if let id = event.queueID { self = .message(id) } else if event.session > 0 { self = .session(event.session, run: run) } else { return nil }
    }

    var word: TraceWord {
      switch self {
      case .message(let id): .queueID(id)
      case .session(let number, let run): .session(number, run: run)
      }
    }
  }

  let key: Key
  var events: [TraceEvent] = []

  var title: String {
    switch key {
    case .message(let id): id.description
    case .session(let number, _): "session \(number), no message"
    }
  }

  var time: Int64 { events.first?.time ?? 0 }

  /// Its events of the kinds that tell of an envelope have `field`; the first that does.
  func first(_ field: Field) -> String { events.lazy.map { $0[field] }.first { !$0.isEmpty } ?? "" }

  var sender: String? { events.first { $0.kind == .arrived || $0.kind == .verdict || $0.kind == .active }.map { $0[.sender] } }
  var recipients: String {
    if let arrived = events.first(where: { $0.kind == .arrived }) { return arrived[.recipient].split(separator: " ").joined(separator: ", ") }
    return first(.recipient)
  }
  var client: String { events.first { $0.has(.clientName) }?.client ?? "" }
  var subject: String { first(.subject) }
  var messageID: String { first(.messageID) }

  /// The cases that `query` is about, from the oldest to the newest; the newest `limit` of them.
  static func find(_ query: TraceQuery, _ range: TraceLibrary.Range, in library: TraceLibrary, limit: Int) throws(TraceError) -> [TraceCase] {
    var order: [Key] = []
    var seen: Set<Key> = []
    try library.rows(range, words: query.words) { row in
      for event in TraceEvent.all(in: row.records) where query.matches(event) && event.time >= range.since && event.time <= range.until {
        guard let key = Key(event, run: row.run), seen.insert(key).inserted else { continue }
        order.append(key)
      }
    }
    let chosen = Set(order.suffix(limit))
    var cases = Dictionary(uniqueKeysWithValues: chosen.map { ($0, TraceCase(key: $0)) })
    if cases.isEmpty { return [] }
    // All of a case, also what was before and after.
    try library.rows(TraceLibrary.Range(), words: Set(chosen.map(\.word))) { row in
      for event in TraceEvent.all(in: row.records) {
        guard let key = Key(event, run: row.run) else { continue }
        cases[key]?.events.append(event)
      }
    }
    return order.suffix(limit).compactMap { cases[$0] }.map(\.sorted)
  }

  /// Each case, and behind it what became of the reports on it.
  static func withReports(_ cases: [TraceCase], in library: TraceLibrary) throws(TraceError) -> [TraceCase] {
    var (result, known): ([TraceCase], Set<Key>) = ([], Set(cases.map(\.key)))
    for one in cases {
      result.append(one)
      for id in one.reports where result.count < maximumCases && known.insert(.message(id)).inserted {
        result += try find(.queueID(id), TraceLibrary.Range(), in: library, limit: 1)
      }
    }
    return result
  }

  private static let maximumCases = 1000

  private var reports: [QueueID] { events.filter { $0.kind == .notice }.compactMap { QueueID($0[.report]) } }

  private var sorted: TraceCase {
    var copy = self
    // What happened at one time stays in the order in which it was told.
    copy.events = events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    return copy
  }
}
