// SPDX-License-Identifier: Apache-2.0

/// What waits for one destination, by sender: each sender in turn, so that a big mailing does not stand in the way of a single message.
struct Turns {
  private var lines: [String: FIFO<Int>] = [:]
  /// Senders with something in their line.
  private var order = FIFO<String>()
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ item: Int, from sender: String) {
    count += 1
    if lines[sender] == nil { order.append(sender) }
    lines[sender, default: FIFO()].append(item)
  }

  mutating func removeFirst() -> Int? {
    guard let sender = order.removeFirst(), let item = lines[sender]?.removeFirst() else { return nil }
    count -= 1
    if lines[sender]?.isEmpty == false { order.append(sender) } else { lines[sender] = nil }
    return item
  }
}

/// New mail goes before what was tried already, but not always, so that neither waits for the other to be over.
struct WaitingLine {
  private var fresh = Turns()
  private var retries = Turns()
  private var turn = 0

  var count: Int { fresh.count + retries.count }
  var isEmpty: Bool { fresh.isEmpty && retries.isEmpty }

  /// One of so many is a retry, if there is any.
  static let retryTurn = 4

  mutating func append(_ item: Int, from sender: String, isRetry: Bool) {
    if isRetry { retries.append(item, from: sender) } else { fresh.append(item, from: sender) }
  }

  mutating func removeFirst() -> Int? {
    turn = (turn + 1) % WaitingLine.retryTurn
    return turn == 0 ? retries.removeFirst() ?? fresh.removeFirst() : fresh.removeFirst() ?? retries.removeFirst()
  }
}
