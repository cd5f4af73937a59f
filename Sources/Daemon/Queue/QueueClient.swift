// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Settings
import Spool

/// `weir queue`: goes through the lanes of the queue. Each is asked of the process that has it, else its lock is taken and it is looked at here:
/// so the whole queue is seen with one daemon, with several generations of it, and with none.
struct QueueClient {
  private let setup: Setup

  init(_ setup: Setup) { self.setup = setup }

  /// Hands each part of the answer to `show`; answers the exit status.
  func perform(_ request: QueueRequest, show: (QueueAnswer) -> Void) -> Int32 {
    switch request {
    case .list: return list(show)
    case .show(let id), .content(let id), .release(let id): return answer(lane(of: id), request, show)
    case .delete(let id): return id == "ALL" ? deleteAll(show) : answer(lane(of: id), request, show)
    }
  }

  private var lanes: [LaneClient] {
    LaneClient.all(setup)
  }

  /// An id says which lane it is from. The first one's owner says that there is no such message.
  private func lane(of id: String) -> LaneClient {
    let number = QueueID(id)?.lane ?? 0
    return lanes.first { $0.number == number } ?? LaneClient(0, setup)
  }

  private func answer(_ lane: LaneClient, _ request: QueueRequest, _ show: (QueueAnswer) -> Void) -> Int32 {
    let answer = lane.perform(request.line, changes: request.changes)
    show(answer)
    return answer.status
  }

  private func deleteAll(_ show: (QueueAnswer) -> Void) -> Int32 {
    var count = 0
    for lane in lanes {
      let answer = lane.perform(QueueRequest.delete("ALL").line, changes: true)
      guard answer.status == ExitStatus.success else {
        show(answer)
        return answer.status
      }
      count += Int(String(decoding: answer.bytes.prefix { $0 != 0x20 }, as: UTF8.self)) ?? 0
    }
    show(QueueAnswer(text: "\(count) message\(count == 1 ? "" : "s") deleted\n"))
    return ExitStatus.success
  }

  /// The lists of all lanes as one, the oldest message first.
  private func list(_ show: (QueueAnswer) -> Void) -> Int32 {
    var lists = lanes.map(LaneList.init)
    var count = 0
    while let oldest = lists.indices.filter({ lists[$0].first != nil }).min(by: { lists[$0].isBefore(lists[$1]) }),
      let row = lists[oldest].removeFirst()
    {
      if count == 0 { show(QueueAnswer(text: QueueText.headings)) }
      show(QueueAnswer(text: row.text))
      count += 1
    }
    if let failure = lists.compactMap(\.failure).first {
      show(failure)
      return failure.status
    }
    show(QueueAnswer(text: QueueText.summary(count)))
    return ExitStatus.success
  }
}

/// The messages of one lane, page by page as they are wanted.
private struct LaneList {
  struct Row {
    let id: QueueID
    let text: String
  }

  private let lane: LaneClient
  private var rows: ArraySlice<Row> = []
  private var next: String?
  /// Why there are no more.
  private(set) var failure: QueueAnswer?

  init(_ lane: LaneClient) {
    self.lane = lane
    next = QueueRequest.list.line
    fill()
  }

  var first: Row? { rows.first }

  func isBefore(_ other: LaneList) -> Bool {
    guard let first, let theirs = other.first else { return first != nil }
    return first.id < theirs.id
  }

  mutating func removeFirst() -> Row? {
    defer { fill() }
    return rows.popFirst()
  }

  private mutating func fill() {
    while rows.isEmpty, let request = next {
      let answer = lane.perform(request, changes: false)
      next = answer.next
      if answer.status != ExitStatus.success { failure = answer }
      rows =
        String(decoding: answer.status == ExitStatus.success ? answer.bytes : [], as: UTF8.self).split(separator: "\n").compactMap { line in
          QueueID(line.prefix { $0 != " " }).map { Row(id: $0, text: line + "\n") }
        }[...]
    }
  }
}

extension QueueRequest {
  fileprivate var changes: Bool {
    switch self {
    case .delete, .release: true
    case .list, .show, .content: false
    }
  }

  fileprivate var line: String {
    switch self {
    case .list: "list"
    case .show(let id): "show \(id)"
    case .content(let id): "cat \(id)"
    case .delete(let id): "delete \(id)"
    case .release(let id): "release \(id)"
    }
  }
}
