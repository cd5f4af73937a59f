// SPDX-License-Identifier: Apache-2.0
import Events
import Runtime

/// How `weir test` tells what it found.
struct TestReport {
  let isColoured: Bool
  private static let shownSubject = 160

  /// Everything about one message.
  func full(_ result: TestResult) -> String {
    var story = StoryText(isColoured: isColoured)
    story.title(result.mail.name)
    story.fact("from", "<\(result.mail.sender)>")
    story.fact("to", result.mail.recipients.map { "<\($0)>" }.joined(separator: ", "))
    story.fact("client", "\(result.client), HELO \(result.helo)\(result.login.map { ", logged in as \($0)" } ?? "")")
    let subject = result.events.first { $0.kind == .arrived }?[.subject] ?? ""
    story.fact("subject", subject.count > Self.shownSubject ? subject.prefix(Self.shownSubject) + "…" : subject)
    story.blank()
    for event in result.events where event.kind != .answer && event.kind != .removed { story.tell(event) }
    for exchange in result.exchanges where exchange.isRefusal && exchange != result.final { story.reply(exchange.command, exchange.summary) }
    if let final = result.final { story.reply(final.command, final.summary) }
    story.blank()
    story.outcome(result.outcome.rawValue, isGood: result.outcome == .accepted, remark(result))
    return story.text
  }

  private func remark(_ result: TestResult) -> String {
    let time = StoryText.duration(result.microseconds)
    guard let queued = result.queued else { return time }
    let recipients = queued.envelope.recipients.map { "<\($0.address)>" }.joined(separator: ", ")
    let hold = queued.hold.map { "; \($0.text)" } ?? ""
    let filter = queued.envelope.contentFilter.isEmpty ? "" : ", through \(queued.envelope.contentFilter)"
    return "\(time); from <\(queued.envelope.sender)> to \(recipients)\(filter)\(hold)"
  }

  /// A line for each of many.
  func table(_ results: [TestResult]) -> String {
    var page = TerminalText(isColoured: isColoured)
    let width = min(48, results.map { $0.mail.name.count }.max() ?? 0)
    let placeWidth = min(60, results.map { Self.place($0).count }.max() ?? 0)
    for result in results {
      page.add(result.outcome.rawValue, width: 11, Self.tone(result.outcome))
      page.add(result.mail.name, width: width)
      page.add("  ")
      page.add(Self.place(result), width: placeWidth, .dim)
      page.add("  ")
      page.line(result.final?.summary ?? "")
    }
    return page.text
  }

  private static func place(_ result: TestResult) -> String {
    guard let step = result.decision else { return "" }
    return step[.rule].isEmpty ? step[.stageName] : "\(step[.stageName]) \(step[.rule])"
  }

  /// How many of each.
  func summary(_ results: [TestResult], microseconds: Int64) -> String {
    var page = TerminalText(isColoured: isColoured)
    page.add("\(results.count) messages in \(StoryText.duration(microseconds)): ", .bold)
    let counts = TestResult.Outcome.allCases.map { outcome in (outcome, results.count { $0.outcome == outcome }) }.filter { $0.1 > 0 }
    for (index, (outcome, count)) in counts.enumerated() {
      if index > 0 { page.add(", ") }
      page.add("\(count) \(outcome.rawValue)", Self.tone(outcome))
    }
    page.endLine()
    return page.text + rules(results)
  }

  private func rules(_ results: [TestResult]) -> String {
    var counts: [String: Int] = [:]
    for result in results where result.outcome != .accepted { counts[Self.place(result), default: 0] += 1 }
    let width = counts.keys.map(\.count).max() ?? 0
    var page = TerminalText(isColoured: isColoured)
    for (place, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) where !place.isEmpty {
      page.add("  ")
      page.add(place, width: width)
      page.line("  \(count)", .dim)
    }
    return page.text
  }

  private static func tone(_ outcome: TestResult.Outcome) -> TerminalText.Tone {
    switch outcome {
    case .accepted: .green
    case .held, .deferred, .discarded: .yellow
    case .refused: .red
    }
  }

  static func json(_ result: TestResult) -> JSONValue {
    let steps = result.events.flatMap { event in StoryJSON.step(event).map { [$0] } ?? StoryJSON.passed(event) }
    return .some(
      ("file", .text(result.mail.name)), ("outcome", .text(result.outcome.rawValue)), ("reply", .text(result.final?.summary ?? "")),
      ("at", .text(result.final?.command ?? "")), ("from", .text(result.mail.sender)),
      ("to", .list(result.mail.recipients.map(JSONValue.text))), ("client", .text(result.client)), ("helo", .text(result.helo)),
      ("subject", .text(result.events.first { $0.kind == .arrived }?[.subject] ?? "")), ("steps", .list(steps)),
      ("replies", .list(result.exchanges.map { .object([("to", .text($0.command)), ("reply", .text($0.summary))]) })),
      ("log", .list(result.events.compactMap(StoryJSON.logLine))), ("queued", queued(result)), ("seconds", .seconds(result.microseconds)))
  }

  private static func queued(_ result: TestResult) -> JSONValue? {
    result.queued.map { queued in
      .some(
        ("from", .text(queued.envelope.sender)), ("to", .list(queued.envelope.recipients.map { .text($0.address) })),
        ("hold", queued.hold.map { .text($0.text) }))
    }
  }
}

extension StoryText {
  mutating func reply(_ command: String, _ reply: String) { line("reply", reply, TerminalText.tone(ofReply: reply), after: "  (\(command))") }

  mutating func outcome(_ word: String, isGood: Bool, _ remark: String) {
    line("=>", word, isGood ? .green : .red, after: "  \(remark)")
  }
}

/// How far it has come, on a terminal.
struct ProgressBar {
  private let total: Int
  private let isShown: Bool
  private var shown = -1

  init(total: Int, descriptor: Int32 = 2) {
    self.total = total
    isShown = total > 1 && Machine.isTerminal(descriptor)
  }

  private static let width = 30

  mutating func show(_ done: Int) {
    guard isShown, total > 0 else { return }
    let filled = min(Self.width, done * Self.width / total)
    guard filled != shown || done % 16 == 0 else { return }
    shown = filled
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    Terminal.writeError("\r[\(bar)] \(done)/\(total) ")
  }

  func clear() { if isShown { Terminal.writeError("\r\u{1b}[K") } }
}
