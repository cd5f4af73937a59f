// SPDX-License-Identifier: Apache-2.0
import Daemon

extension Words {
  /// `weir test FILE... [--from ADDRESS] …`
  mutating func testInvocation() throws(UsageError) -> Invocation {
    var request = TestOptions()
    request.isJSON = take("--json")
    request.isVerbose = take("--verbose") || take("-v")
    request.sender = try value(of: ["--from"]).map { $0 == "<>" ? "" : $0 }
    while let recipient = try value(of: ["--to"]) { request.recipients.append(recipient) }
    request.client = try value(of: ["--ip"])
    request.clientName = try value(of: ["--name"])
    request.helo = try value(of: ["--helo"])
    request.login = try value(of: ["--auth"])
    request.listener = try value(of: ["--listener"])
    request.recordedNames = try value(of: ["--dns"])
    request.namesRecord = try value(of: ["--dns-record"])
    if request.recordedNames != nil, request.namesRecord != nil { throw UsageError("--dns gives answers, --dns-record asks for them: not both") }
    let options = try options(allowingOthers: true)
    let known = [
      "--json", "--verbose", "--from", "--to", "--ip", "--name", "--helo", "--auth", "--listener", "--dns", "--dns-record", "--config", "--data",
    ]
    if let flag = rest.first(where: { $0.hasPrefix("-") && $0 != "-" }) {
      throw UsageError("unexpected '\(flag)'", hint: Suggestion.nearest(to: flag, in: known))
    }
    request.paths = rest
    if request.paths.isEmpty { throw UsageError("missing a message: a file, a folder or a mailbox file") }
    return .test(options, request)
  }
}

extension Help {
  static let testTopic = """
    usage: weir test FILE... [--from ADDRESS] [--to ADDRESS]... [--ip ADDRESS]
               [--name NAME] [--helo NAME] [--auth USER] [--listener NAME]
               [--dns FILE | --dns-record FILE] [--json] [-v]

    Plays a session for each message against the configuration, with all its
    restrictions and stages, and tells what each said, which rule it was, what it
    changed, and what the client would be told. Nothing is queued or delivered,
    and no policy server is asked. A daemon need not run.

    FILE is a message, a mailbox file of many, a folder, or - for standard input;
    of several messages there is a line each and a summary, with -v everything.

    --from, --to   the envelope; else what the message says of itself
    --ip, --name   the client's address (192.0.2.1) and verified name (else looked up)
    --helo         what it calls itself (client.example)
    --auth         the user that it is logged in as
    --listener     which listener it came to; else the first
    --dns-record   writes what the DNS answered to a file
    --dns          takes the answers from such a file, and asks nobody
    --json         an object on a line for each message: docs/explain.md

    Exit status 0 if every message was accepted, 1 if one was refused, 75 if none
    was refused but one deferred, 2 if something could not be tried.

    """
}
