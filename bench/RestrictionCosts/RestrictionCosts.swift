// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Restrictions
import Runtime
import SMTP
import Tables

/// `RestrictionCosts [ROUNDS]`: the nanoseconds of deciding on one RCPT by ten restrictions and five access tables, as `bench/restrictions` has them: in a
/// session of its own, and in one that goes on.
@main
struct RestrictionCosts {
  static let lists: [(RestrictionPoint, String)] = [
    (.client, "check_client_access hash:/clients, check_client_access cidr:/networks"),
    (.helo, "reject_invalid_helo_hostname, check_helo_access pcre:/helo"),
    (.sender, "reject_non_fqdn_sender, check_sender_access hash:/senders"),
    (.relay, "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"),
    (.recipient, "reject_non_fqdn_recipient, check_recipient_access hash:/recipients, reject_unauth_pipelining, reject_unauth_destination"),
  ]

  static func main() {
    let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200_000
    let judge = judge()
    let senders = (0..<64).map { ReversePath.mailbox(Mailbox(address: "sender\($0)@load.example")) }
    var facts = Facts(client: Client(address: .loopbackV4, name: "localhost"))
    facts.helo = "load.bench.test"
    facts.place = "RCPT"
    facts.recipient = Mailbox(address: "bench1@bench.test")
    for (title, goesOn) in [("a session each", false), ("a session that goes on", true)] {
      var memory = JudgeMemory()
      var permitted = 0
      let time = ContinuousClock().measure {
        for round in 0..<rounds {
          facts.sender = senders[round % senders.count]
          guard case .decided(let judgement) = judge.rule(.recipient, facts, goesOn ? memory : JudgeMemory()) else { continue }
          memory = judgement.memory
          if judgement.verdict.refusal == nil { permitted += 1 }
        }
      }
      Terminal.write("\(title): \(Int(time / .nanoseconds(1)) / max(1, rounds)) ns, \(permitted) of \(rounds) permitted\n")
    }
  }

  private static func judge() -> Judge {
    let reader = TableReader(files: MadeFiles())
    let relay = RelayPolicy(
      mynetworks: NetworkList(words: ["127.0.0.0/8"]) ?? NetworkList(), mydestination: [], virtualMailboxDomains: ["bench.test"],
      myorigin: "mx.bench.test", mydomain: "bench.test")
    let read = lists.map { point, words in
      let context = RestrictionReader.Context(point: point, classes: []) { reader.read($0) }
      return (point, RestrictionReader.read(LocatedText(name: "bench", text: words), context).list)
    }
    return Judge(RestrictionSettings(myhostname: "mx.bench.test", relay: relay), lists: Dictionary(uniqueKeysWithValues: read))
  }
}

private struct MadeFiles: FileSource {
  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let lines = (1...(path == "/helo" ? 20 : 10_000)).map { number in
      switch path {
      case "/clients": "client\(number).example REJECT"
      case "/networks": "10.\(number / 256).\(number % 256).0/24 REJECT"
      case "/senders": "sender\(number)@other.example REJECT"
      case "/helo": "/^spam\(number)\\..*\\.example$/ REJECT"
      default: "user\(number)@bench.test OK"
      }
    }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  func names(inFolder path: String) throws(FileError) -> [String] { throw .notFound }
}
