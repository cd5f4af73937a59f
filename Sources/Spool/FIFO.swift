// SPDX-License-Identifier: Apache-2.0

/// First in, first out.
struct FIFO<Element> {
  private var items: [Element?] = []
  private var head = 0

  var count: Int { items.count - head }
  var isEmpty: Bool { head == items.count }

  mutating func append(_ item: Element) { items.append(item) }

  mutating func removeFirst() -> Element? {
    guard head < items.count else { return nil }
    defer { compact() }
    let item = items[head]
    items[head] = nil
    head += 1
    return item
  }

  /// Moves the rest to the front once half of the array is spent.
  private mutating func compact() {
    if head == items.count {
      items.removeAll(keepingCapacity: head <= 4096)
      head = 0
    } else if head > 1024, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
  }
}
