// SPDX-License-Identifier: Apache-2.0
import Events
import Runtime
import Settings
import Trace

/// What `weir explain` was asked for.
package struct ExplainOptions: Sendable {
  package var query: String?
  package var since: String?
  package var until: String?
  package var limit = 20
  package var isJSON = false
  package var follows = false

  package init() {}
}

extension Launch {
  package static func explain(_ options: Options, _ request: ExplainOptions) -> Int32 {
    do {
      let asked = try AskedTrace(request.query, since: request.since, until: request.until)
      guard let setup = load(options) else { return ExitStatus.configuration }
      let library = try AskedTrace.library(setup)
      let report = ExplainReport(isJSON: request.isJSON)
      if request.follows { return try TraceFollower(library, asked.query, report).run() }
      // One more than is wanted tells whether there are more.
      let found = try TraceCase.find(asked.query, asked.range, in: library, limit: request.limit + 1)
      let cases = try TraceCase.withReports(Array(found.suffix(request.limit)), in: library)
      Terminal.write(report.text(cases))
      if found.count > request.limit { Terminal.writeError("weir explain: these are the newest \(request.limit); --limit N shows more\n") }
      if cases.isEmpty, !request.isJSON { Terminal.writeError("weir explain: nothing is known of that\n") }
      return cases.isEmpty ? ExitStatus.failure : ExitStatus.success
    } catch {
      Terminal.writeError("weir explain: \(error)\n")
      return ExitStatus.unavailable
    }
  }
}

/// Whom and when a command asks about.
struct AskedTrace {
  struct Fault: Error, CustomStringConvertible { let description: String }

  let query: TraceQuery
  let range: TraceLibrary.Range

  init(_ query: String?, since: String?, until: String?) throws {
    guard let query = query.map({ TraceQuery($0) }) ?? .everything else {
      throw Fault(description: "'\(query ?? "")' is no queue id, address, Message-ID, code of a refusal, or client's address")
    }
    self.query = query
    var range = TraceLibrary.Range()
    let now = wallClock()
    if let since { range.since = try Self.time(since, now) }
    if let until { range.until = try Self.time(until, now) }
    self.range = range
  }

  private static func time(_ text: String, _ now: Int64) throws(Fault) -> Int64 {
    guard let time = TraceTime.parse(text, now: now) else {
      throw Fault(description: "'\(text)' is no time: 2h, 30m, 10:30, today, 2026-11-21, '2026-11-21 10:30'")
    }
    return time
  }

  static func library(_ setup: Setup) throws -> TraceLibrary {
    do {
      return try TraceLibrary(path: setup.traceFile)
    } catch {
      let hint = setup.traceFolder == nil ? "; trace_keep = 0: nothing is kept" : ""
      throw Fault(description: "\(setup.traceFile): \(reason(setup.traceFile) ?? "\(error)")\(hint)")
    }
  }

  /// Why it cannot be opened, where the file itself tells.
  private static func reason(_ path: String) -> String? {
    do {
      let disk = LinuxDisk()
      try disk.close(try disk.open(path, at: nil, [.read], mode: 0))
      return nil
    } catch {
      if error.isMissing { return "there is no such file: nothing has been kept yet, or another data_directory is meant" }
      return error.isForbidden ? "only root and mail_owner can read it" : nil
    }
  }
}

/// Cases as `weir explain` shows them.
struct ExplainReport {
  let isJSON: Bool

  func text(_ cases: [TraceCase]) -> String {
    isJSON ? cases.map { Self.json($0).line + "\n" }.joined() : cases.map(page).joined(separator: "\n")
  }

  private func page(_ one: TraceCase) -> String {
    var story = StoryText(isColoured: Terminal.wantsColour(1), times: TraceTime.stamp)
    story.title(one.title)
    story.fact("from", one.sender.map { "<\($0)>" } ?? "")
    story.fact("to", one.recipients)
    let client = one.client
    story.fact("client", client.isEmpty || one.first(.helo).isEmpty ? client : "\(client), HELO \(one.first(.helo))")
    story.fact("subject", one.subject)
    story.fact("id", one.messageID)
    for event in one.events { story.tell(event) }
    return story.text
  }

  static func json(_ one: TraceCase) -> JSONValue {
    let steps = one.events.flatMap { event in StoryJSON.step(event).map { [$0] } ?? StoryJSON.passed(event) }
    return .some(
      ("time", .seconds(one.time)), ("queue_id", queueID(one)), ("session", session(one)), ("from", one.sender.map(JSONValue.text)),
      ("to", .text(one.recipients)), ("client", .text(one.client)), ("helo", .text(one.first(.helo))), ("subject", .text(one.subject)),
      ("message_id", .text(one.messageID)), ("steps", .list(steps)), ("replies", .list(one.events.compactMap(StoryJSON.answer))),
      ("deliveries", .list(one.events.compactMap(StoryJSON.delivery))), ("reports", .list(one.events.compactMap(StoryJSON.report))),
      ("log", .list(one.events.compactMap(StoryJSON.logLine))))
  }

  private static func queueID(_ one: TraceCase) -> JSONValue? { if case .message(let id) = one.key { .text(id.description) } else { nil } }
  private static func session(_ one: TraceCase) -> JSONValue? { if case .session(let number, _) = one.key { .number(Int64(number)) } else { nil } }
}

/// `weir explain --follow`: what happens from now on, until it is interrupted.
struct TraceFollower {
  private let library: TraceLibrary
  private let query: TraceQuery
  private let report: ExplainReport

  private static let interval = Duration.milliseconds(250)

  init(_ library: TraceLibrary, _ query: TraceQuery, _ report: ExplainReport) {
    self.library = library
    self.query = query
    self.report = report
  }

  func run() throws -> Int32 {
    var last = try library.lastID
    var isFirst = true
    while true {
      var (order, cases): ([TraceCase.Key], [TraceCase.Key: TraceCase]) = ([], [:])
      try library.rows(after: last) { row in
        last = row.id
        for event in TraceEvent.all(in: row.records) {
          guard let key = TraceCase.Key(event, run: row.run) else { continue }
          if cases[key] == nil { order.append(key) }
          cases[key, default: TraceCase(key: key)].events.append(event)
        }
      }
      let chosen = order.compactMap { cases[$0] }.filter { $0.events.contains(where: query.matches) }
      if !chosen.isEmpty {
        Terminal.write((isFirst || report.isJSON ? "" : "\n") + report.text(chosen))
        isFirst = false
      }
      Thread.sleep(Self.interval)
    }
  }
}
