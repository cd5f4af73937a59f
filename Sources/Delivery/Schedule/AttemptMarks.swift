// SPDX-License-Identifier: Apache-2.0
import Queue

/// Over which messages of which lane a delivery is under way: what the lanes' marker files name, in case the process dies.
struct AttemptMarks {
  private struct Lane {
    let lane: SchedulerLane
    /// Deliveries under way of each message.
    var counts: [QueueID: Int] = [:]
    /// The file says something else.
    var isToBeWritten = false
  }

  private var lanes: [ObjectIdentifier: Lane] = [:]

  mutating func began(_ job: ScheduledJob) {
    let key = ObjectIdentifier(job.owner.lane)
    lanes[key, default: Lane(lane: job.owner.lane)].counts[job.owner.message.id, default: 0] += 1
    if lanes[key]?.counts[job.owner.message.id] == 1 { lanes[key]?.isToBeWritten = true }
  }

  mutating func ended(_ job: ScheduledJob) {
    let key = ObjectIdentifier(job.owner.lane)
    guard let count = lanes[key]?.counts[job.owner.message.id] else { return }
    lanes[key]?.counts[job.owner.message.id] = count > 1 ? count - 1 : nil
    if count == 1 { lanes[key]?.isToBeWritten = true }
  }

  mutating func write() {
    for (key, lane) in lanes where lane.isToBeWritten {
      lane.lane.mark(Array(lane.counts.keys))
      lanes[key]?.isToBeWritten = false
    }
  }

  /// Lanes of which nothing is under way have no mark, and are let go.
  mutating func clear() {
    for (key, lane) in lanes where lane.counts.isEmpty {
      lane.lane.mark([])
      lanes[key] = nil
    }
  }
}
