// SPDX-License-Identifier: Apache-2.0

/// A deadline on one event loop. Only that loop's thread may touch it.
package final class LoopTimer {
  /// When it is due; later than `heapDeadline` after a cheap postponement.
  fileprivate(set) var deadline: Instant
  fileprivate var heapDeadline: Instant
  fileprivate var index = -1
  let fire: () -> Void

  init(fire: @escaping () -> Void) {
    deadline = .never
    heapDeadline = .never
    self.fire = fire
  }
}

/// A binary heap of timers. Postponing one that is queued already costs nothing: it is put back when it comes up,
/// because the read deadline of a session moves forward with every command and fires almost never.
struct TimerHeap {
  private var heap: [LoopTimer] = []

  /// No timer is due before this.
  var next: Instant { heap.first?.heapDeadline ?? .never }

  mutating func arm(_ timer: LoopTimer, at deadline: Instant) {
    timer.deadline = deadline
    if timer.index >= 0 {
      if deadline >= timer.heapDeadline { return }
      timer.heapDeadline = deadline
      siftUp(timer.index)
    } else {
      timer.heapDeadline = deadline
      timer.index = heap.count
      heap.append(timer)
      siftUp(timer.index)
    }
  }

  /// Disarms the timer but leaves it in place: the next `arm` is likely to come soon, and later.
  func disarm(_ timer: LoopTimer) { timer.deadline = .never }

  /// Takes the timer out, before its owner goes.
  mutating func remove(_ timer: LoopTimer) {
    let index = timer.index
    guard index >= 0, index < heap.count else { return }
    timer.index = -1
    timer.deadline = .never
    let last = heap.removeLast()
    if last === timer { return }
    heap[index] = last
    last.index = index
    siftDown(index)
    siftUp(last.index)
  }

  /// The next timer that is due, taken out; nil when none is.
  mutating func popDue(at now: Instant) -> LoopTimer? {
    while let first = heap.first, first.heapDeadline <= now {
      if first.deadline <= now {
        remove(first)
        return first
      }
      if first.deadline == .never {
        remove(first)
      } else {
        first.heapDeadline = first.deadline
        siftDown(0)
      }
    }
    return nil
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent].heapDeadline <= heap[index].heapDeadline { return }
      exchange(parent, index)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].heapDeadline < heap[least].heapDeadline {
        least = child
      }
      if least == index { return }
      exchange(least, index)
      index = least
    }
  }

  private mutating func exchange(_ left: Int, _ right: Int) {
    heap.swapAt(left, right)
    heap[left].index = left
    heap[right].index = right
  }
}
