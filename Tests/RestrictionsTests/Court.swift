// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Names
import Restrictions
import SMTP
import Tables

/// A judge with everything that it asks, as values.
struct Court {
  var names: [NameQuery: Result<[NameRecord], NameFailure>] = [:]
  var policies: [String] = []
  var unlisted: Set<String> = []
  var verified: [String: Verification] = [:]
  var settings = RestrictionSettings(
    myhostname: "mx.example.test",
    relay: RelayPolicy(
      mynetworks: NetworkList(words: ["10.0.0.0/8"]) ?? NetworkList(), mydestination: ["example.test"], virtualMailboxDomains: ["virtual.test"],
      myorigin: "example.test", mydomain: "example.test"))
  var lists: [RestrictionPoint: String] = [:]
  var classes: [String: String] = [:]
  var facts = Facts(client: Client(address: IPAddress("192.0.2.7"), name: "client.example.net"))
  var files: [String: String] = [:]

  init(_ lists: [RestrictionPoint: String] = [:]) {
    self.lists = lists
    facts.helo = "client.example.net"
    facts.protocolName = "ESMTP"
    facts.place = "RCPT"
    facts.sender = .mailbox(SMTP.Mailbox(address: "sender@example.net"))
    facts.recipient = SMTP.Mailbox(address: "user@example.test")
    settings.relay.relayDomains = DomainList(matching: { $0 == "relay.test" || $0.hasSuffix(".relay.test") })
    settings.relay.ownAddresses = [IPAddress("192.0.2.1") ?? .loopbackV4]
  }

  static func read(_ text: String, _ point: RestrictionPoint?, classes: Set<String> = [], files: [String: String] = [:])
    -> (list: RestrictionList, diagnostics: [Diagnostic])
  {
    let reader = TableReader(files: MemoryFiles(files))
    let context = RestrictionReader.Context(point: point, classes: classes) { reader.read($0) }
    return RestrictionReader.read(LocatedText(name: "weir.conf", text: text), context)
  }

  var judge: Judge {
    let names = Set(classes.keys)
    let read = lists.map { ($0.key, Self.read($0.value, $0.key, classes: names, files: files).list) }
    let named = classes.map { ($0.key, Self.read($0.value, nil, classes: names, files: files).list) }
    return Judge(settings, lists: Dictionary(uniqueKeysWithValues: read), classes: Dictionary(uniqueKeysWithValues: named))
  }

  /// The judgement, and what was asked on the way to it.
  func decide(_ moment: JudgementRequest.Moment = .recipient, _ memory: JudgeMemory = JudgeMemory()) -> (judgement: Judgement, asked: [Question]) {
    let judge = judge
    var memory = memory
    var answers: Answers = [:]
    var asked: [Question] = []
    while true {
      switch judge.rule(moment, facts, memory, answers) {
      case .decided(let judgement): return (judgement, asked)
      case .needs(let question, let kept):
        memory = kept
        asked.append(question)
        answers[question] = answer(question, asked)
      }
    }
  }

  private func answer(_ question: Question, _ asked: [Question]) -> Answer {
    switch question {
    case .name(let query): return .name(names[query] ?? .failure(.notFound))
    case .listing(let mailbox, _):
      return .listing(unlisted.contains(mailbox.address) ? .unlisted : mailbox.localPart == "tempfail" ? .temporaryFailure : .listed)
    case .verification(let mailbox, _, _): return .verification(verified[mailbox.address] ?? Verification(.unavailable, ""))
    case .pause: return .paused
    case .policy(_, _, let number):
      guard policies.indices.contains(number - 1) else { return .policy(.failure(PolicyFailure("Connection refused"))) }
      return .policy(.success(policies[number - 1]))
    }
  }

  /// `554 5.7.1 text`; empty if the command may go on.
  func reply(_ moment: JudgementRequest.Moment = .recipient) -> String { decide(moment).judgement.verdict.refusal?.summary ?? "" }

  func notes(_ moment: JudgementRequest.Moment = .recipient) -> [String] {
    decide(moment).judgement.notes.map { note in
      if case .session(let word) = note.kind { "\(word): \(note.text)" } else { "warning: \(note.text)" }
    }
  }

  // MARK: Scripting

  mutating func script(_ query: NameQuery, _ records: NameRecord...) { names[query] = .success(records) }
  mutating func fail(_ query: NameQuery) { names[query] = .failure(.temporary("timed out")) }

  static func address(_ text: String) -> NameRecord { .address(IPAddress(text) ?? .loopbackV4) }

  func with(_ change: (inout Court) -> Void) -> Court {
    var copy = self
    change(&copy)
    return copy
  }

  func client(_ address: String, _ name: String = "unknown") -> Court {
    with { $0.facts.client = Client(address: IPAddress(address), name: name) }
  }

  func helo(_ name: String?) -> Court { with { $0.facts.helo = name } }

  func sender(_ address: String) -> Court {
    with { $0.facts.sender = address.isEmpty ? .null : .mailbox(SMTP.Mailbox(address: address)) }
  }

  func recipient(_ address: String) -> Court { with { $0.facts.recipient = SMTP.Mailbox(address: address) } }
}
