// SPDX-License-Identifier: Apache-2.0
import Daemon

extension Words {
  /// `weir explain [ID] [--since TIME] …`
  mutating func explainInvocation() throws(UsageError) -> Invocation {
    var request = ExplainOptions()
    request.isJSON = take("--json")
    request.follows = take("--follow") || take("-f")
    request.since = try value(of: ["--since"])
    request.until = try value(of: ["--until"])
    if let limit = try count(of: "--limit") { request.limit = limit }
    let options = try options(allowingOthers: true)
    try refuseFlags(["--json", "--follow", "--since", "--until", "--limit", "--config", "--data"])
    request.query = next()
    if let more = next() { throw UsageError("unexpected '\(more)'") }
    if request.query == nil, request.since == nil, request.until == nil, !request.follows {
      throw UsageError("missing what to explain: a queue id, an address, a Message-ID, the code of a refusal, or --since TIME")
    }
    return .explain(options, request)
  }

  /// `weir shadow [STAGE] [--since TIME] …`
  mutating func shadowInvocation() throws(UsageError) -> Invocation {
    var request = ShadowOptions()
    request.isJSON = take("--json")
    request.since = try value(of: ["--since"])
    request.until = try value(of: ["--until"])
    if let samples = try count(of: "--samples") { request.samples = samples }
    let options = try options(allowingOthers: true)
    try refuseFlags(["--json", "--since", "--until", "--samples", "--config", "--data"])
    request.stage = next()
    if let more = next() { throw UsageError("unexpected '\(more)'") }
    return .shadow(options, request)
  }

  private mutating func count(of flag: String) throws(UsageError) -> Int? {
    guard let text = try value(of: [flag]) else { return nil }
    guard let count = Int(text), (0...1_000_000).contains(count) else { throw UsageError("\(flag) needs a number, not '\(text)'") }
    return count
  }

  private func refuseFlags(_ known: [String]) throws(UsageError) {
    guard let flag = rest.first(where: { $0.hasPrefix("-") }) else { return }
    throw UsageError("unexpected '\(flag)'", hint: Suggestion.nearest(to: flag, in: known))
  }
}

extension Help {
  static let explainTopic = """
    usage: weir explain ID [--since TIME] [--until TIME] [--limit N] [--json]
           weir explain --follow [ID] [--json]

    Tells what became of messages: who refused, changed or let them pass, by which
    rule and how fast, what the client was told, and each delivery. Refusals before
    a message came are among them.

    ID is a queue id, a sender, a recipient, a Message-ID, a client's address, or
    the code in a refusal, as it is or with the reply around it. Without one, all
    of the time that --since and --until give: 2h or 30m (ago), 10:30, today,
    yesterday, 2026-11-21, '2026-11-21 10:30'.

    --limit N   the newest N (20)
    --follow    from now on
    --json      an object on a line for each: docs/explain.md

    How long it is kept: trace_keep and trace_size_limit. Exit status 0; 1 if
    nothing is known of it.

    """

  static let shadowTopic = """
    usage: weir shadow [STAGE] [--since TIME] [--until TIME] [--samples N] [--json]

    Tells what stages with `shadow = yes` would have done: how often by each rule,
    with the newest N messages (3) of each. Times are those of `weir explain`.

    """
}
