// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Names
import Restrictions
import SMTP
import Tables

/// Performs `.judge` in memory: the lists of `config` lines, the names of `dns` lines.
struct Restricting {
  let judge: Judge
  private let names: [NameQuery: Result<[NameRecord], NameFailure>]
  private var memory = JudgeMemory()

  /// Nil where no `config` line names restrictions.
  init?(_ setup: Transcript.Setup, _ configuration: ServerConfiguration) throws {
    let written = Dictionary(setup.settings.map { ($0.name, $0.value) }) { $1 }
    let points = RestrictionPoint.allCases.filter { written[$0.setting] != nil }
    guard !points.isEmpty else { return nil }
    var settings = RestrictionSettings(myhostname: configuration.myhostname, relay: configuration.relay)
    settings.delayReject = written["smtpd_delay_reject"] != "no"
    settings.softBounce = configuration.softBounce
    settings.recipientDelimiter = written["recipient_delimiter"] ?? ""
    let classNames = (written["smtpd_restriction_classes"] ?? "").split { $0 == " " || $0 == "," }.map(String.init)
    func read(_ text: String, _ point: RestrictionPoint?) throws -> RestrictionList {
      let reader = TableReader(files: MemoryFiles())
      let context = RestrictionReader.Context(point: point, classes: Set(classNames)) { reader.read($0) }
      let (list, diagnostics) = RestrictionReader.read(LocatedText(name: "config", text: text), context)
      if let error = diagnostics.first(where: { $0.severity == .error }) { throw Transcript.Fault(description: error.message) }
      return list
    }
    var lists = try Dictionary(uniqueKeysWithValues: points.map { ($0, try read(written[$0.setting] ?? "", $0)) })
    if lists[.relay] == nil { lists[.relay] = try read("permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination", .relay) }
    let classes = try Dictionary(uniqueKeysWithValues: classNames.map { ($0, try read(written[$0] ?? "", nil)) })
    judge = Judge(settings, lists: lists, classes: classes)
    names = try Self.names(setup.names)
  }

  /// `dns name TYPE value`; `TEMPFAIL` as the value for a server that does not answer.
  private static func names(_ lines: [String]) throws -> [NameQuery: Result<[NameRecord], NameFailure>] {
    var names: [NameQuery: Result<[NameRecord], NameFailure>] = [:]
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count == 3, let (query, record) = record(words) else { throw Transcript.Fault(description: "dns \(line)") }
      if let record {
        names[query] = .success(((try? names[query]?.get()) ?? []) + [record])
      } else {
        names[query] = .failure(.temporary("scripted"))
      }
    }
    return names
  }

  private static func record(_ words: [String]) -> (NameQuery, NameRecord?)? {
    let (name, value) = (words[0], words[2])
    let fails = value == "TEMPFAIL"
    switch words[1] {
    case "A": return (.a(name), fails ? nil : IPAddress(value).map(NameRecord.address))
    case "AAAA": return (.aaaa(name), fails ? nil : IPAddress(value).map(NameRecord.address))
    case "TXT": return (.txt(name), fails ? nil : .text(Array(value.utf8)))
    case "NS": return (.ns(name), fails ? nil : .server(value))
    case "MX":
      let parts = value.split(separator: " ").map(String.init)
      return (.mx(name), fails ? nil : .exchanger(preference: UInt16(parts.first ?? "") ?? 0, host: parts.last ?? ""))
    default: return nil
    }
  }

  mutating func decide(_ request: JudgementRequest, _ facts: Facts, listing: (SMTP.Mailbox, Destination) -> Listing) -> Judgement {
    var answers: Answers = [:]
    while true {
      switch judge.rule(request.moment, facts, memory, answers) {
      case .decided(let judgement):
        memory = judgement.memory
        return judgement
      case .needs(let question, let kept):
        memory = kept
        answers[question] = answer(question, listing)
      }
    }
  }

  private func answer(_ question: Question, _ listing: (SMTP.Mailbox, Destination) -> Listing) -> Answer {
    switch question {
    case .name(let query): .name(names[query] ?? .failure(.notFound))
    case .listing(let mailbox, let destination): .listing(listing(mailbox, destination))
    case .policy: .policy(.failure(PolicyFailure("there is none in transcripts")))
    case .verification: .verification(Verification(.unavailable, ""))
    case .pause: .paused
    }
  }
}
