// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Runtime
import Trace

/// What `weir shadow` was asked for.
package struct ShadowOptions: Sendable {
  package var stage: String?
  package var since: String?
  package var until: String?
  package var samples = 3
  package var isJSON = false

  package init() {}
}

extension Launch {
  package static func shadow(_ options: Options, _ request: ShadowOptions) -> Int32 {
    do {
      let asked = try AskedTrace(nil, since: request.since, until: request.until)
      guard let setup = load(options) else { return ExitStatus.configuration }
      let report = try ShadowReport(AskedTrace.library(setup), asked.range, stage: request.stage, samples: request.samples)
      Terminal.write(request.isJSON ? report.json : report.text(isColoured: Terminal.wantsColour(1)))
      if report.lines.isEmpty, let hint = hint(request.stage, setup) { Terminal.writeError("weir shadow: \(hint)\n") }
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir shadow: \(error)\n")
      return ExitStatus.unavailable
    }
  }
}

/// Why nothing may have been found; nil where there is such a stage.
private func hint(_ stage: String?, _ setup: Setup) -> String? {
  let shadows = setup.configuration.stages.filter(\.isShadow).map(\.name.text)
  if shadows.isEmpty { return "no stage has `shadow = yes`" }
  guard let stage, !shadows.contains(stage) else { return nil }
  return "'\(stage)' is no stage with `shadow = yes`; there is \(shadows.joined(separator: ", "))"
}

/// What stages with `shadow = yes` would have done, by stage and rule.
struct ShadowReport {
  struct Sample {
    let time: Int64
    let id: String
    var sender = ""
    var subject = ""
    let matched: String
  }

  private struct Key: Hashable {
    let stage: String
    let rule: String
    let deed: String
  }

  struct Line {
    let stage: String
    let rule: String
    /// `REJECT`, `EDIT`, ...
    let deed: String
    var count = 0
    var samples: [Sample] = []
  }

  private(set) var lines: [Line] = []
  private var messages = 0

  init(_ library: TraceLibrary, _ range: TraceLibrary.Range, stage: String?, samples: Int) throws(TraceError) {
    var found: [Key: Line] = [:]
    var count = 0
    try library.rows(range) { row in
      var about: [QueueID: TraceEvent] = [:]
      let events = TraceEvent.all(in: row.records).filter { $0.time >= range.since && $0.time <= range.until }
      for event in events where event.kind == .arrived {
        count += 1
        if let id = event.queueID { about[id] = event }
      }
      for event in events where event.kind == .step && event.has(.isShadow) && (stage == nil || event[.stageName] == stage) {
        let arrival = event.queueID.flatMap { about[$0] }
        for rule in Self.rules(event) {
          let key = Key(stage: event[.stageName], rule: rule, deed: Self.deed(event))
          found[key, default: Line(stage: key.stage, rule: rule, deed: key.deed)].add(event, arrival, keeping: samples)
        }
      }
    }
    messages = count
    lines = found.values.sorted { ($0.stage, $1.count, $0.rule) < ($1.stage, $0.count, $1.rule) }
  }

  private static func rules(_ event: TraceEvent) -> [String] {
    let rules = event[.rule]
    return rules.isEmpty ? [""] : rules.split(separator: ",").map { String($0.drop { $0 == " " }) }
  }

  private static func deed(_ event: TraceEvent) -> String {
    ["REJECT", "TEMPFAIL", "DISCARD", "FAILED", "FAIL"].contains(event[.action]) ? event[.action] : "EDIT"
  }

  func text(isColoured: Bool) -> String {
    var page = TerminalText(isColoured: isColoured)
    guard !lines.isEmpty else { return "No shadow stage would have done anything to \(messages) messages.\n" }
    page.line("Of \(messages) messages, stages with shadow = yes would have", .bold)
    for line in lines {
      page.endLine()
      page.add(line.deed, width: 10, line.deed == "EDIT" ? .blue : .red)
      page.add("\(line.count)", width: 8, .bold)
      page.add(line.stage)
      page.line(line.rule.isEmpty ? "" : "  \(line.rule)", .dim)
      for sample in line.samples {
        page.add("    \(TraceTime.stamp(sample.time))  \(sample.id)  <\(sample.sender)>", .dim)
        page.line(sample.subject.isEmpty ? "" : "  \(sample.subject)")
        if !sample.matched.isEmpty { page.line("        matched \(sample.matched)", .dim) }
      }
    }
    return page.text
  }

  var json: String {
    let rows = lines.map { line -> JSONValue in
      let samples = line.samples.map { sample -> JSONValue in
        .some(
          ("time", .seconds(sample.time)), ("queue_id", .text(sample.id)), ("from", .text(sample.sender)), ("subject", .text(sample.subject)),
          ("matched", .text(sample.matched)))
      }
      return .some(
        ("stage", .text(line.stage)), ("rule", .text(line.rule)), ("verdict", .text(line.deed)), ("count", .number(Int64(line.count))),
        ("samples", .list(samples)))
    }
    return JSONValue.object([("messages", .number(Int64(messages))), ("stages", .list(rows))]).line + "\n"
  }
}

extension ShadowReport.Line {
  /// The newest samples stay.
  fileprivate mutating func add(_ event: TraceEvent, _ arrival: TraceEvent?, keeping limit: Int) {
    count += 1
    var sample = ShadowReport.Sample(time: event.time, id: event.queueID?.description ?? "NOQUEUE", matched: event[.matched])
    sample.sender = arrival?[.sender] ?? ""
    sample.subject = arrival?[.subject] ?? ""
    samples.append(sample)
    if samples.count > limit { samples.removeFirst() }
  }
}
