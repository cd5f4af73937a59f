// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// `postsuper`: the queue's administrator.
struct PostSuper {
  private struct Order {
    let verb: String
    let ids: [String]
  }

  private var configuration: String?
  private var orders: [Order] = []

  static func run(_ words: [String]) -> Int32 {
    var command = PostSuper()
    guard command.parse(words) else {
      Terminal.writeError(
        """
        postsuper: fatal: usage: postsuper [-c config_dir] [-d queue_id (delete)] [-h queue_id (hold)] [-H queue_id (un-hold)] [-p (purge temporary files)] \
        [-r queue_id (requeue)] [-s (structure fix)] [-S (redundant structure fix)] [queue...]\n
        """)
      return ExitStatus.usage
    }
    return command.perform()
  }

  private static let verbs: [Substring: String] = ["-d": "delete", "-h": "hold", "-H": "unhold", "-r": "requeue"]

  /// Ids by verb. An id of `-` stands for those on standard input; names of queues, and what mends Postfix's folders, have nothing to do here.
  private mutating func parse(_ words: [String]) -> Bool {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "-c" {
        configuration = rest.popFirst()
      } else if ["-p", "-s", "-S", "-v"].contains(word) || !word.hasPrefix("-") {
        continue
      } else if let verb = Self.verbs[word.prefix(2)] {
        guard let id = word.utf8.count > 2 ? String(word.dropFirst(2)) : rest.popFirst() else { return false }
        orders.append(Order(verb: verb, ids: id == "-" ? Self.idsOfInput() : [id]))
      } else {
        return false
      }
    }
    return true
  }

  private static func idsOfInput() -> [String] {
    let text = String(decoding: Terminal.readInput(limit: 64 << 20) ?? [], as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).compactMap { $0.split(whereSeparator: \.isWhitespace).first.map { String($0) } }.map { id in
      // As mailq prints it.
      id.hasSuffix("*") || id.hasSuffix("!") ? String(id.dropLast()) : id
    }
  }

  private func perform() -> Int32 {
    guard let setup = Launch.load(CommandPlace.options(configuration)) else { return ExitStatus.configuration }
    var status = ExitStatus.success
    for order in orders {
      guard let count = perform(order, QueueActions(setup)) else {
        status = ExitStatus.failure
        continue
      }
      if count > 0 { Terminal.writeError("postsuper: \(Self.summary(order.verb)): \(count) message\(count == 1 ? "" : "s")\n") }
    }
    return status
  }

  private func perform(_ order: Order, _ actions: QueueActions) -> Int? {
    let result = order.ids == ["ALL"] ? actions.performOnAll(order.verb) : actions.perform(order.verb, order.ids)
    for id in result.done.prefix(order.ids == ["ALL"] ? 0 : .max) { Terminal.writeError("postsuper: \(id): \(Self.done(order.verb))\n") }
    if let failure = result.failure {
      Terminal.writeError("postsuper: fatal: \(failure)")
      return nil
    }
    return result.done.count
  }

  private static func done(_ verb: String) -> String {
    switch verb {
    case "delete": "removed"
    case "hold": "placed on hold"
    case "unhold": "released from hold"
    default: "requeued"
    }
  }

  private static func summary(_ verb: String) -> String {
    switch verb {
    case "delete": "Deleted"
    case "hold": "Placed on hold"
    case "unhold": "Released from hold"
    default: "Requeued"
    }
  }
}
