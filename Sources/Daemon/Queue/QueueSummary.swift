// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Where the mail of the queue is to go, how long it has waited, and why: as Postfix's qshape, drawn.
struct QueueSummary {
  private struct Destination {
    var ages: [Int]
    var reasons: [String: Int] = [:]
    var count: Int { ages.reduce(0, +) }
  }

  let now: Int64
  private var destinations: [String: Destination] = [:]
  private var total: [Int]

  /// Minutes; each column has what is younger, the last one the rest.
  private static let limits: [Int64] = [5, 10, 20, 40, 80, 160, 320, 640, 1280]
  private static let shades = Array(" ▁▂▃▄▅▆▇█")
  private static let mostDestinations = 30
  /// The rest of many is not told apart.
  private static let mostKept = 100_000
  private static let mostReasons = 1000

  init(now: Int64) {
    self.now = now
    total = Self.empty
  }

  private static var empty: [Int] { Array(repeating: 0, count: limits.count + 1) }

  /// Each recipient that is still to get the message counts.
  mutating func add(_ entry: QueueEntry) {
    let minutes = max(0, now - entry.arrival) / 60_000_000
    let column = Self.limits.firstIndex { minutes < $0 } ?? Self.limits.count
    for recipient in entry.recipients where recipient.isPending {
      var name = recipient.domain.isEmpty ? "(none)" : recipient.domain
      if destinations[name] == nil, destinations.count >= Self.mostKept { name = "(others)" }
      total[column] += 1
      destinations[name, default: Destination(ages: Self.empty)].ages[column] += 1
      let reason = Self.plain(recipient.reason)
      guard !reason.isEmpty, (destinations[name]?.reasons.count ?? 0) < Self.mostReasons || destinations[name]?.reasons[reason] != nil else {
        continue
      }
      destinations[name]?.reasons[reason, default: 0] += 1
    }
  }

  /// What is of one message only (an address in brackets) would make a reason of its own of each.
  private static func plain(_ reason: String) -> String {
    var text = ""
    var depth = 0
    for character in reason {
      if character == "<" { depth += 1 }
      if depth == 0 { text.append(character) }
      if character == ">" { depth = max(0, depth - 1) }
    }
    return text
  }

  private var sorted: [(name: String, destination: Destination)] {
    destinations.map { ($0.key, $0.value) }.sorted { ($1.1.count, $0.0) < ($0.1.count, $1.0) }
  }

  func text(width: Int) -> String {
    if destinations.isEmpty { return "The queue is empty.\n" }
    let shown = sorted.prefix(Self.mostDestinations)
    let most = max(1, shown.map(\.destination.count).max() ?? 1)
    let nameWidth = min(34, max(11, shown.map(\.name.count).max() ?? 0))
    var text = Self.padded("Destination", nameWidth) + "  Recipients  Age, from 5 min to over 21 h\n"
    for (name, destination) in shown { text += line(name, destination, most, nameWidth, width) }
    let rest = destinations.count - shown.count
    if rest > 0 { text += "and \(rest) destination\(rest == 1 ? "" : "s") more\n" }
    return text + Self.padded("Total", nameWidth) + "  " + Self.filled("\(total.reduce(0, +))", 10) + "  " + drawn(total) + "\n"
  }

  private func line(_ name: String, _ destination: Destination, _ most: Int, _ nameWidth: Int, _ width: Int) -> String {
    let bar = String(repeating: "█", count: max(1, destination.count * 20 / most))
    var text = "\(Self.padded(name, nameWidth))  \(Self.filled("\(destination.count)", 10))  \(drawn(destination.ages))  \(bar)\n"
    for (reason, count) in destination.reasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(3) {
      text += "  \(String("\(count)x \(reason)".prefix(max(40, width - 2))))\n"
    }
    return text
  }

  private func drawn(_ ages: [Int]) -> String {
    let most = max(1, ages.max() ?? 1)
    return "|" + String(ages.map { $0 == 0 ? " " : Self.shades[max(1, $0 * (Self.shades.count - 1) / most)] }) + "|"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text.prefix(width) + String(repeating: " ", count: max(0, width - text.count))
  }
  private static func filled(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

  /// A line for each destination.
  var json: String {
    sorted.map { name, destination in
      let reasons = destination.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\(JSONValue.text($0.key).line): \($0.value)" }
      let ages = destination.ages.map(String.init).joined(separator: ", ")
      return
        "{\"destination\": \(JSONValue.text(name).line), \"recipients\": \(destination.count), \"ages\": [\(ages)], \"reasons\": {\(reasons.joined(separator: ", "))}}\n"
    }.joined()
  }
}
