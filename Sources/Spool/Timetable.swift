// SPDX-License-Identifier: Apache-2.0
import Queue

/// Messages by the time of their next attempt: a binary heap of 16 bytes each.
struct Timetable {
  struct Slot: Equatable {
    var time: Int64
    var id: QueueID
  }

  private var slots: [Slot] = []

  var first: Slot? { slots.first }
  var count: Int { slots.count }

  mutating func insert(_ id: QueueID, at time: Int64) {
    slots.append(Slot(time: time, id: id))
    var child = slots.count - 1
    while child > 0, slots[child].time < slots[(child - 1) / 2].time {
      slots.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Slot? {
    guard let first = slots.first, let last = slots.popLast() else { return nil }
    if !slots.isEmpty {
      slots[0] = last
      sink()
    }
    return first
  }

  private mutating func sink() {
    var parent = 0
    while 2 * parent + 1 < slots.count {
      var child = 2 * parent + 1
      if child + 1 < slots.count, slots[child + 1].time < slots[child].time { child += 1 }
      guard slots[child].time < slots[parent].time else { return }
      slots.swapAt(child, parent)
      parent = child
    }
  }
}
