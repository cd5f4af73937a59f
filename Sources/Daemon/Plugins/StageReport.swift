// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime

/// `weir plugins`: what each stage of the running daemon has done so far.
struct StageReport {
  /// What the daemon answers to `plugins`: a line per stage, its figures as `key=value` apart by tabs.
  static func lines(_ stages: [Stage]) -> String { stages.map(line).joined() }

  static let request = "plugins"

  private static func line(_ stage: Stage) -> String {
    let counters = stage.counters
    let figures: [(String, String)] = [
      ("stage", stage.settings.name), ("plugin", stage.settings.plugin), ("mode", stage.settings.mode.rawValue),
      ("on_failure", stage.settings.onFailure.rawValue), ("shadow", stage.settings.isShadow ? "yes" : "no"), ("state", stage.stateName),
      ("messages", "\(counters.messages.now)"), ("calls", "\(counters.calls.now)"), ("rejected", "\(counters.rejects.now)"),
      ("deferred", "\(counters.tempfails.now)"), ("discarded", "\(counters.discards.now)"), ("edits", "\(counters.edits.now)"),
      ("failures", "\(counters.failures.now)"), ("timeouts", "\(counters.timeouts.now)"), ("stale", "\(counters.stale.now)"),
      ("denied", "\(counters.denied.now)"), ("requests_open", "\(counters.openRequests.now)"), ("restarts", "\(counters.restarts.now)"),
      ("p50_us", "\(counters.percentile(0.5))"), ("p95_us", "\(counters.percentile(0.95))"), ("p99_us", "\(counters.percentile(0.99))"),
    ]
    return figures.map { "\($0)=\($1.replacing("\t", with: " "))" }.joined(separator: "\t") + "\n"
  }

  private let rows: [[(key: String, value: String)]]

  init(_ text: String) {
    rows = text.split(separator: "\n").map { line in
      line.split(separator: "\t").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }
    }
  }

  var isEmpty: Bool { rows.isEmpty }

  var json: String {
    let objects = rows.map { row in
      "  {" + row.map { "\"\($0.key)\": \(Int($0.value).map(String.init) ?? Self.quoted($0.value))" }.joined(separator: ", ") + "}"
    }
    return objects.isEmpty ? "[]\n" : "[\n\(objects.joined(separator: ",\n"))\n]\n"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _ where scalar.value < 0x20: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// For people: the columns that matter, as wide as they need to be, and a line about whatever is not as it should be.
  var table: String {
    let titles = ["STAGE", "MODE", "STATE", "MESSAGES", "CALLS", "REJECTED", "DEFERRED", "DISCARDED", "EDITS", "FAILURES", "P50", "P95", "P99"]
    let keys = ["stage", "mode", "state", "messages", "calls", "rejected", "deferred", "discarded", "edits", "failures"]
    let cells = rows.map { row in
      keys.map { key in Self.value(key, row) } + ["p50_us", "p95_us", "p99_us"].map { Self.time(Int(Self.value($0, row)) ?? 0) }
    }
    let widths = titles.indices.map { column in ([titles] + cells).map { $0[column].count }.max() ?? 0 }
    let lines = ([titles] + cells).map { row in
      row.indices.map { column in
        let blanks = String(repeating: " ", count: widths[column] - row[column].count)
        return column < 3 ? row[column] + blanks : blanks + row[column]
      }.joined(separator: "  ")
    }
    return lines.map { $0 + "\n" }.joined() + rows.map(Self.remarks).joined()
  }

  private static func remarks(_ row: [(key: String, value: String)]) -> String {
    let odd = ["timeouts", "stale", "denied", "restarts"].filter { Int(value($0, row)) ?? 0 > 0 }.map { "\($0) \(value($0, row))" }
    let shadow = value("shadow", row) == "yes" ? ["shadow: nothing of it is applied"] : []
    let all = shadow + odd
    return all.isEmpty ? "" : "\(value("stage", row)): \(all.joined(separator: ", "))\n"
  }

  private static func value(_ key: String, _ row: [(key: String, value: String)]) -> String { row.first { $0.key == key }?.value ?? "" }

  /// Times are known to a factor of four: `up to`.
  private static func time(_ microseconds: Int) -> String {
    switch microseconds {
    case 0: "-"
    case ..<1000: "<\(microseconds)us"
    case ..<1_000_000: "<\(microseconds / 1000)ms"
    default: "<\(microseconds / 1_000_000)s"
    }
  }

  /// Asks every generation that runs, the newest lane last.
  static func show(_ setup: Setup, isJSON: Bool) -> Int32 {
    let answers = LaneClient.all(setup).compactMap { $0.ask(request) }
    guard !answers.isEmpty else {
      Terminal.writeError("weir: no daemon answers at \(setup.queueFolder): is it running?\n")
      return ExitStatus.unavailable
    }
    if let failure = answers.first(where: { $0.status != ExitStatus.success }) {
      Terminal.write(failure.bytes, to: 2)
      return failure.status
    }
    let report = StageReport(answers.map { String(decoding: $0.bytes, as: UTF8.self) }.joined())
    Terminal.write(isJSON ? report.json : report.isEmpty ? "There are no stages.\n" : report.table)
    return ExitStatus.success
  }
}
