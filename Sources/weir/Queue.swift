// SPDX-License-Identifier: Apache-2.0
import Daemon

extension Words {
  static let queueVerbs =
    ["list", "summary", "show", "cat"] + QueueRequest.Action.allCases.map(\.rawValue) + ["export", "import"]

  /// `weir queue …`
  mutating func queueInvocation() throws(UsageError) -> Invocation {
    let options = try self.options(allowingOthers: true)
    let asJSON = take("--json")
    let filter = try queueFilter()
    let request = try queueRequest(filter, asJSON: asJSON)
    if let word = next() { throw UsageError("unexpected '\(word)'") }
    return .queue(options, request)
  }

  private mutating func queueRequest(_ filter: QueueFilter, asJSON: Bool) throws(UsageError) -> QueueRequest {
    let verb = next() ?? "list"
    if let action = QueueRequest.Action(rawValue: verb) { return try act(action, filter) }
    switch verb {
    case "list": return .list(filter, asJSON: asJSON)
    case "summary": return .summary(filter, asJSON: asJSON)
    case "show": return .show(try required("a queue id"))
    case "cat": return .content(try required("a queue id"))
    case "export":
      let folder = try required("the folder to write messages to")
      return .export(folder: folder, takeRest(), filter)
    case "import":
      let hold = take("--hold")
      let paths = takeRest()
      if paths.isEmpty { throw UsageError("missing what to import: files or folders of `weir queue export`, or the queue folder of a Postfix") }
      return .importing(paths, hold: hold)
    default: throw UsageError("unknown command 'queue \(verb)'", hint: Suggestion.nearest(to: verb, in: Self.queueVerbs))
    }
  }

  /// Without ids and without a filter nothing is meant: ALL is to be said.
  private mutating func act(_ action: QueueRequest.Action, _ filter: QueueFilter) throws(UsageError) -> QueueRequest {
    let ids = takeRest()
    if ids.isEmpty, filter == QueueFilter() {
      throw UsageError("missing a queue id, ALL, or which messages: --sender, --recipient, --destination, …")
    }
    if !ids.isEmpty, filter != QueueFilter() { throw UsageError("either queue ids, or which messages") }
    return .act(action, ids, filter)
  }

  private mutating func takeRest() -> [String] {
    var all: [String] = []
    while let word = next() { all.append(word) }
    return all
  }

  private mutating func queueFilter() throws(UsageError) -> QueueFilter {
    var filter = QueueFilter()
    filter.sender = try value(of: ["--sender"])
    filter.recipient = try value(of: ["--recipient"])
    filter.destination = try value(of: ["--destination"])
    filter.state = try value(of: ["--status"])
    filter.olderThan = try age(of: "--older")
    filter.youngerThan = try age(of: "--newer")
    if let state = filter.state, !QueueFilter.states.contains(state) {
      throw UsageError("no status '\(state)'; there is \(QueueFilter.states.joined(separator: ", "))")
    }
    return filter
  }

  /// `90`, `15m`, `2h`, `3d`, `1w`: seconds.
  private mutating func age(of name: String) throws(UsageError) -> Int64? {
    guard let text = try value(of: [name]) else { return nil }
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    let unit = text.last.flatMap { units[$0] }
    guard let number = Int64(unit == nil ? text[...] : text.dropLast()), number >= 0, number < 1 << 31 else {
      throw UsageError("'\(text)' is no age: write 90, 15m, 2h, 3d or 1w")
    }
    return number * (unit ?? 1)
  }
}

extension Help {
  static let queueTopic = """
    usage: weir queue [list | summary] [WHICH] [--json] [--config FILE] [--data DIR]
           weir queue show ID | cat ID
           weir queue delete|hold|release|retry|requeue ID...|ALL|WHICH
           weir queue export FOLDER [ID...|WHICH]
           weir queue import [--hold] PATH...

    Looks at the messages that wait, and says what becomes of them, with the daemon
    running or not.

    WHICH: --sender GLOB, --recipient GLOB, --destination GLOB (the domain of a
    recipient), --status STATUS (ready, active, deferred, held, delivered, damaged),
    --older AGE, --newer AGE (90, 15m, 2h, 3d, 1w). All of them must hold.

    summary  by destination: how many recipients wait, how long, and why
    retry    try deferred mail now; release: also what is held
    requeue  the same, under the configuration as it is now
    export   ID.eml and ID.envelope for each; the messages stay in the queue
    import   files and folders of export, files of a Postfix's queue or its whole
             folder (/var/spool/postfix); they keep their age. The daemon must run

    Exit status 0; 66 when a message is not there, 69 when nobody answers.

    """
}
