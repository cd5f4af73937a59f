// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// `weir queue`: goes through the lanes of the queue. Each is asked of the process that has it, else its lock is taken and it is looked at here:
/// so the whole queue is seen with one daemon, with several generations of it, and with none.
struct QueueClient {
  private let setup: Setup

  init(_ setup: Setup) { self.setup = setup }

  /// Answers the exit status.
  func perform(_ request: QueueRequest) -> Int32 {
    switch request {
    case .list(let filter, let asJSON): return list(filter, asJSON)
    case .summary(let filter, let asJSON): return summary(filter, asJSON)
    case .show(let id): return answer("show \(id)", about: id)
    case .content(let id): return answer("cat \(id)", about: id)
    case .act(let action, let ids, let filter): return act(action, ids, filter)
    case .export(let folder, let ids, let filter): return QueueExport(setup, folder: folder).perform(ids, filter)
    case .importing(let paths, let hold): return QueueImport(setup, hold: hold).perform(paths)
    }
  }

  private func say(_ answer: QueueAnswer) -> Int32 {
    Terminal.write(answer.bytes, to: answer.status == ExitStatus.success ? 1 : 2)
    return answer.status
  }

  /// An id says which lane it is from. The first one's owner says that there is no such message.
  private func answer(_ line: String, about id: String) -> Int32 {
    let number = QueueID(id)?.lane ?? 0
    let lane = LaneClient.all(setup).first { $0.number == number } ?? LaneClient(0, setup)
    return say(lane.perform(line, changes: false))
  }

  // MARK: Lists

  /// The lists of all lanes as one, the oldest message first.
  private func list(_ filter: QueueFilter, _ asJSON: Bool) -> Int32 {
    var lists = LaneClient.all(setup).map(LaneList.init)
    var count = 0
    let (now, width) = (wallClock(), Machine.isTerminal(1) ? Terminal.width(1) : .max)
    while let oldest = lists.indices.filter({ lists[$0].first != nil }).min(by: { lists[$0].isBefore(lists[$1]) }),
      let entry = lists[oldest].removeFirst()
    {
      guard filter.takes(entry, now: now) else { continue }
      if count == 0, !asJSON { Terminal.write(QueueText.headings) }
      Terminal.write(asJSON ? QueueText.json(entry) : QueueText.rows([entry], now: now, width: width))
      count += 1
    }
    if let failure = lists.compactMap(\.failure).first { return say(failure) }
    if !asJSON { Terminal.write(QueueText.summary(count, isAll: filter.isEmpty)) }
    return ExitStatus.success
  }

  private func summary(_ filter: QueueFilter, _ asJSON: Bool) -> Int32 {
    var summary = QueueSummary(now: wallClock())
    if let failure = QueuePages(setup).forEach({ entries in for entry in entries where filter.takes(entry, now: summary.now) { summary.add(entry) } })
    {
      return say(failure)
    }
    Terminal.write(asJSON ? summary.json : summary.text(width: Terminal.width(1)))
    return ExitStatus.success
  }

  // MARK: Changes

  private func act(_ action: QueueRequest.Action, _ ids: [String], _ filter: QueueFilter) -> Int32 {
    let actions = QueueActions(setup)
    let result: QueueActions.Result
    if ids == ["ALL"] {
      result = actions.performOnAll(action.verb)
    } else {
      var chosen = ids
      if ids.isEmpty {
        let (found, failure) = QueueClient.ids(filter, setup)
        if let failure { return say(failure) }
        chosen = found
      }
      var bar = ProgressBar(total: chosen.count)
      result = actions.perform(action.verb, chosen) { bar.show($0) }
      bar.clear()
    }
    return tell(action, result, isSingle: ids.count == 1 && ids != ["ALL"])
  }

  private func tell(_ action: QueueRequest.Action, _ result: QueueActions.Result, isSingle: Bool) -> Int32 {
    if let failure = result.failure {
      Terminal.writeError(failure)
      return ExitStatus.failure
    }
    for id in result.missed { Terminal.writeError("weir: \(id): \(action.refusal)\n") }
    if isSingle, let id = result.done.first {
      Terminal.write("\(id): \(action.done)\n")
    } else if !isSingle {
      Terminal.write("\(result.done.count) message\(result.done.count == 1 ? "" : "s") \(action.doneToMany)\n")
    }
    return result.missed.isEmpty ? ExitStatus.success : ExitStatus.noSuchMessage
  }

  /// The messages that a filter takes.
  static func ids(_ filter: QueueFilter, _ setup: Setup) -> ([String], QueueAnswer?) {
    var ids: [String] = []
    let now = wallClock()
    let failure = QueuePages(setup).forEach { ids += $0.filter { filter.takes($0, now: now) }.map(\.id.description) }
    return (ids, failure)
  }
}

extension QueueRequest.Action {
  /// Of the control socket.
  fileprivate var verb: String { self == .retry ? "release" : rawValue }

  fileprivate var done: String {
    switch self {
    case .delete: "deleted"
    case .hold: "held"
    case .release, .retry: "will be tried now"
    case .requeue: "requeued"
    }
  }

  fileprivate var doneToMany: String { self == .retry || self == .release ? "will be tried now" : done }

  fileprivate var refusal: String {
    switch self {
    case .delete: "no such message in the queue"
    case .hold: "no such message in the queue, or it is being delivered or held already"
    case .release, .retry, .requeue: "no such message in the queue, or it is being delivered"
    }
  }
}

/// The messages of one lane, page by page as they are wanted.
private struct LaneList {
  private let lane: LaneClient
  private var rows: ArraySlice<QueueEntry> = []
  private var next: String? = "facts"
  /// Why there are no more.
  private(set) var failure: QueueAnswer?

  init(_ lane: LaneClient) {
    self.lane = lane
    fill()
  }

  var first: QueueEntry? { rows.first }

  func isBefore(_ other: LaneList) -> Bool {
    guard let first, let theirs = other.first else { return first != nil }
    return first.id < theirs.id
  }

  mutating func removeFirst() -> QueueEntry? {
    defer { fill() }
    return rows.popFirst()
  }

  private mutating func fill() {
    while rows.isEmpty, let request = next {
      let answer = lane.perform(request, changes: false)
      next = answer.next
      if answer.status != ExitStatus.success { failure = answer }
      rows = (answer.status == ExitStatus.success ? QueueEntry.read(String(decoding: answer.bytes, as: UTF8.self)) : [])[...]
    }
  }
}
