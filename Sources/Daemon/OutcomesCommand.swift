// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime

extension Launch {
  /// `weir tls-outcomes`: what was counted of TLS with other servers, by day, domain and outcome.
  package static func tlsOutcomes(_ options: Options, isJSON: Bool) -> Int32 {
    guard let setup = load(options) else { return ExitStatus.configuration }
    let lines = OutcomeLedger(KeptFile.text(of: setup.outcomesFile)).sorted.map(OutcomeLine.init)
    Terminal.write(isJSON ? lines.map { $0.json.line + "\n" }.joined() : OutcomeLine.table(lines))
    return ExitStatus.success
  }
}

/// A line of `weir tls-outcomes`.
private struct OutcomeLine {
  let fields: [String]
  let count: Int

  init(_ counted: (key: OutcomeLedger.Key, count: Int)) {
    let day = TraceTime.date(ofDay: Int64(min(max(0, counted.key.day), 1_000_000)))
    fields = [day, counted.key.domain, counted.key.policy.rawValue, counted.key.outcome.rawValue, counted.key.host]
    count = counted.count
  }

  private static let titles = ["day", "domain", "policy", "outcome", "host"]

  /// RFC 8460 §4.4 has other names for a report; these are for people and scripts.
  var json: JSONValue {
    .object(zip(Self.titles, fields).map { ($0, .text($1)) } + [("count", .number(Int64(count)))])
  }

  static func table(_ lines: [OutcomeLine]) -> String {
    let rows = [titles + ["count"]] + lines.map { $0.fields + ["\($0.count)"] }
    let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "  " + (row.last ?? "") + "\n"
    }.joined()
  }
}
