// SPDX-License-Identifier: Apache-2.0

/// A parsed file of Tests/Transcripts, whose README says what each line means.
package struct Transcript: Sendable {
  package let name: String
  package private(set) var setup = Setup()
  package private(set) var steps: [Step] = []

  /// What holds before the session begins.
  package struct Setup: Sendable {
    package var settings: [(name: String, value: String)] = []
    package var client = "127.0.0.9"
    package var clientName = "unknown"
    package var isLMTP = false
    package var users: Set<String> = ["alice", "bob", "root", "postmaster", "carol@virtual.test"]
    package var isForMachineOnly = false
    package var isForWholeOnly = false
    package var storageIsLow = false
    package var commit = "queued"
    /// `dns` lines.
    package var names: [String] = []

    package init() {}
  }

  package struct Step: Sendable {
    package let line: Int
    package let kind: Kind
  }

  package enum Kind: Equatable, Sendable {
    case sends([UInt8])
    case expects(String)
    case expectsClose, hangup, tls, timeout, shutdown
    case delay(Int)
    case queue(sender: String, recipients: [String])
    case content(String)
    case log(String)
    case summary(String)
  }

  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  package init(name: String, text: String) throws(Fault) {
    self.name = name
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for (number, line) in try Transcript.unroll(lines) { try add(line, number: number) }
  }

  /// Everything the client sends, as a seed for fuzzers.
  package var clientBytes: [UInt8] {
    steps.flatMap { step -> [UInt8] in if case .sends(let bytes) = step.kind { bytes } else { [] } }
  }

  /// Plays `repeat` blocks and expands `{n}`.
  private static func unroll(_ lines: [String]) throws(Fault) -> [(Int, String)] {
    var result: [(Int, String)] = []
    var block: (count: Int, lines: [(Int, String)])?
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("repeat "), let count = Int(line.dropFirst(7)) {
        block = (count, [])
      } else if line == "end", let repeated = block {
        for round in 1...max(1, repeated.count) {
          result += repeated.lines.map { ($0, Escapes.replace("{n}", by: String(round), in: $1)) }
        }
        block = nil
      } else if block != nil {
        block?.lines.append((index + 1, line))
      } else {
        result.append((index + 1, line))
      }
    }
    if block != nil { throw Fault(description: "repeat without end") }
    return result
  }

  private mutating func add(_ line: String, number: Int) throws(Fault) {
    if line.isEmpty || line.hasPrefix("#") { return }
    if let text = Transcript.text(of: "C:", in: line) {
      append(.sends(Array((text + "\r\n").utf8)), number)
    } else if let text = Transcript.text(of: "R:", in: line) {
      append(.sends(Escapes.bytes(text)), number)
    } else if let text = Transcript.text(of: "S:", in: line) {
      append(.expects(text), number)
    } else if let text = Transcript.text(of: "=", in: line) {
      append(.content(text), number)
    } else {
      try addDirective(line, number: number)
    }
  }

  private static func text(of mark: String, in line: String) -> String? {
    if line == mark { return "" }
    return line.hasPrefix(mark + " ") ? Escapes.expand(String(line.dropFirst(mark.count + 1))) : nil
  }

  private mutating func append(_ kind: Kind, _ number: Int) {
    if case .sends(let more) = kind, case .sends(let before) = steps.last?.kind {
      steps[steps.count - 1] = Step(line: number, kind: .sends(before + more))
    } else {
      steps.append(Step(line: number, kind: kind))
    }
  }

  private mutating func addDirective(_ line: String, number: Int) throws(Fault) {
    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = parts.count > 1 ? parts[1] : ""
    switch parts.first {
    case "close": append(.expectsClose, number)
    case "hangup": append(.hangup, number)
    case "tls": append(.tls, number)
    case "timeout": append(.timeout, number)
    case "shutdown": append(.shutdown, number)
    case "delay": append(.delay(Int(rest) ?? -1), number)
    case "log": append(.log(rest), number)
    case "summary": append(.summary(rest), number)
    case "queue": append(Transcript.queue(rest), number)
    default: try addSetup(parts.first ?? "", rest, number: number)
    }
  }

  private mutating func addSetup(_ word: String, _ rest: String, number: Int) throws(Fault) {
    let words = rest.split(separator: " ").map(String.init)
    switch (word, words.first) {
    case ("config", _):
      let halves = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Escapes.trimmed($0) }
      setup.settings.append((halves[0], halves.count > 1 ? halves[1] : ""))
    case ("client", let address?):
      setup.client = address
      setup.clientName = words.count > 1 ? words[1] : "unknown"
    case ("user", let name?): setup.users.insert(name)
    case ("service", "lmtp"): setup.isLMTP = true
    case ("only", "machine"): setup.isForMachineOnly = true
    case ("only", "whole"): setup.isForWholeOnly = true
    case ("storage", "low"): setup.storageIsLow = true
    case ("commit", let result?): setup.commit = result
    case ("dns", _): setup.names.append(rest)
    case ("clock", _): break
    default: throw Fault(description: "\(name):\(number): unknown directive \(word)")
    }
  }

  private static func queue(_ text: String) -> Kind {
    var sender = ""
    var recipients: [String] = []
    for part in text.split(separator: ">", omittingEmptySubsequences: true) {
      let part = Escapes.trimmed(part)
      if part.hasPrefix("from=<") { sender = String(part.dropFirst(6)) }
      if part.hasPrefix("to=<") { recipients.append(String(part.dropFirst(4))) }
    }
    return .queue(sender: sender, recipients: recipients)
  }
}
