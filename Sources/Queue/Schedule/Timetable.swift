// SPDX-License-Identifier: Apache-2.0

/// Things by the time at which each is due: a binary heap of 16 bytes for each.
package struct Timetable<Item> {
  package struct Slot {
    package var time: Int64
    package var item: Item

    @inlinable init(time: Int64, item: Item) {
      self.time = time
      self.item = item
    }
  }

  @usableFromInline var slots: [Slot] = []

  @inlinable package init() {}

  @inlinable package var first: Slot? { slots.first }
  @inlinable package var count: Int { slots.count }

  @inlinable package mutating func insert(_ item: Item, at time: Int64) {
    slots.append(Slot(time: time, item: item))
    var child = slots.count - 1
    while child > 0, slots[child].time < slots[(child - 1) / 2].time {
      slots.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  @inlinable package mutating func removeFirst() -> Slot? {
    guard let first = slots.first, let last = slots.popLast() else { return nil }
    if !slots.isEmpty {
      slots[0] = last
      sink()
    }
    return first
  }

  @inlinable mutating func sink() {
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
