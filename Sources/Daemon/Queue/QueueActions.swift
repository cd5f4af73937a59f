// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// Does something to many messages, with a request for many of them at a time.
struct QueueActions {
  struct Result {
    var done: [String] = []
    /// Ids that are not in the queue, or that are being delivered.
    var missed: [String] = []
    var failure: String?
  }

  private let lanes: [LaneClient]
  private static let idsAtATime = 500

  init(_ setup: Setup) { lanes = LaneClient.all(setup) }

  /// `delete`, `hold`, `unhold`, `release`, `requeue`. `progress` is told how many of them are done.
  func perform(_ verb: String, _ ids: [String], progress: (Int) -> Void = { _ in }) -> Result {
    var result = Result()
    let byLane = Dictionary(grouping: ids.filter { QueueID($0) != nil }) { QueueID($0)?.lane ?? 0 }
    result.missed = ids.filter { QueueID($0) == nil }
    var count = 0
    for lane in lanes {
      var rest = (byLane[lane.number] ?? [])[...]
      while !rest.isEmpty, result.failure == nil {
        ask("\(verb) \(rest.prefix(Self.idsAtATime).joined(separator: " "))", lane, &result)
        count += rest.prefix(Self.idsAtATime).count
        rest = rest.dropFirst(Self.idsAtATime)
        progress(count)
      }
    }
    let known = Set(lanes.map(\.number))
    result.missed += byLane.filter { !known.contains($0.key) }.flatMap(\.value)
    return result
  }

  /// To every message that the verb is for.
  func performOnAll(_ verb: String) -> Result {
    var result = Result()
    for lane in lanes { ask("\(verb) ALL", lane, &result) }
    return result
  }

  /// The answer has a line for each message that it was done to.
  private func ask(_ line: String, _ lane: LaneClient, _ result: inout Result) {
    let answer = lane.perform(line, changes: true)
    let text = String(decoding: answer.bytes, as: UTF8.self)
    guard answer.status == ExitStatus.success else {
      result.failure = text
      return
    }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "+", let id = words.last { result.done.append(String(id)) }
      if words.first == "-", let id = words.last { result.missed.append(String(id)) }
    }
  }
}
