// SPDX-License-Identifier: Apache-2.0

/// First in, first out.
@frozen
package struct FIFO<Element> {
  @usableFromInline var items: [Element?] = []
  @usableFromInline var head = 0

  @inlinable package init() {}

  @inlinable package var count: Int { items.count - head }
  @inlinable package var isEmpty: Bool { head == items.count }

  @inlinable package mutating func append(_ item: Element) { items.append(item) }

  @inlinable package mutating func removeFirst() -> Element? {
    guard head < items.count else { return nil }
    defer { compact() }
    let item = items[head]
    items[head] = nil
    head += 1
    return item
  }

  /// All of it, in order; nothing is left.
  @inlinable package mutating func drain() -> [Element] {
    var all: [Element] = []
    while let item = removeFirst() { all.append(item) }
    return all
  }

  /// Moves the rest to the front once half of the array is spent.
  @inlinable mutating func compact() {
    if head == items.count {
      items.removeAll(keepingCapacity: head <= 4096)
      head = 0
    } else if head > 1024, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
  }
}
