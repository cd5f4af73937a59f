// SPDX-License-Identifier: Apache-2.0
import Events

/// What became of a message, told to people: the same for `weir test` and `weir explain`.
struct StoryText {
  private var page: TerminalText
  private let times: ((Int64) -> String)?
  private var isQueued = false

  /// `times`: how to write when something was; nil where it does not matter.
  init(isColoured: Bool, times: ((Int64) -> String)? = nil) {
    page = TerminalText(isColoured: isColoured)
    self.times = times
  }

  var text: String { page.text }

  mutating func title(_ words: String) { page.line(words, .bold) }

  mutating func fact(_ name: String, _ value: String) {
    if value.isEmpty { return }
    page.add("  ")
    page.add(name, width: 10, .dim)
    page.line(value)
  }

  mutating func blank() { page.endLine() }

  mutating func tell(_ event: TraceEvent) {
    switch event.kind {
    case .step: step(event)
    case .passed: passed(event)
    case .answer:
      let code = event[.code].isEmpty ? "" : "  [weir:\(event[.code])]"
      line(event, "reply", event[.reply], TerminalText.tone(ofReply: event[.reply]), after: code)
    case .delivery:
      let tone: TerminalText.Tone = event[.status] == "sent" ? .green : event[.status] == "deferred" ? .yellow : .red
      let relay = ["", "none"].contains(event[.relay]) ? "" : " by \(event[.relay])"
      line(event, event[.status], "to <\(event[.recipient])>\(relay): \(event[.dsn]) \(event[.reason])", tone)
    case .text: line(event, event.severity == .info ? "log" : "\(event.severity)", "\(event.service): \(event[.text])", .dim)
    case .verdict:
      if event[.action] != "reject" { line(event, event[.action], "\(event[.place]): \(event[.reply])", .yellow) }
    case .active: active(event)
    case .expired: line(event, "expired", "returned to <\(event[.sender])>", .red)
    case .removed: line(event, "done", "nothing is left of it in the queue", .dim)
    case .notice: line(event, "report", "\(event[.notice]): \(event[.report])", .plain)
    case .connect, .disconnect, .client, .messageID, .arrived: break
    }
  }

  /// The first time it has come; after that it is tried again.
  private mutating func active(_ event: TraceEvent) {
    let count = event.number(.recipientCount) ?? 0
    let recipients = "\(count) recipient\(count == 1 ? "" : "s")"
    if isQueued {
      line(event, "retry", "for \(recipients)", .dim)
    } else {
      line(event, "queued", "\(event.number(.size) ?? 0) bytes for \(recipients)", .plain)
    }
    isQueued = true
  }

  private mutating func stamp(_ event: TraceEvent) {
    page.add("  ")
    if let times { page.add("\(times(event.time))  ", .dim) }
  }

  mutating func line(_ word: String, _ words: String, _ tone: TerminalText.Tone, after: String = "") {
    page.add("  ")
    page.add(word, width: 10, .dim)
    page.add(words, tone)
    page.line(after, .dim)
  }

  private mutating func line(_ event: TraceEvent, _ word: String, _ words: String, _ tone: TerminalText.Tone, after: String = "") {
    stamp(event)
    page.add(word, width: 10, .dim)
    page.add(words, tone)
    page.line(after, .dim)
  }

  private mutating func step(_ event: TraceEvent) {
    stamp(event)
    page.add(event[.action], width: 10, Self.tone(event[.action]))
    page.add(event[.stageName], .bold)
    page.add(" at \(event[.place])")
    if event.has(.isShadow) { page.add(" (shadow: not applied)", .yellow) }
    if event.has(.duration) { page.add("  \(Self.duration(event.number(.duration) ?? 0))", .dim) }
    page.endLine()
    detail("rule", event[.rule])
    detail("matched", Self.unfolded(event[.matched]))
    detail("reply", event[.reply])
    detail("failure", event[.reason])
    for edit in event[.edits].split(separator: "\n") { self.edit(String(edit)) }
  }

  /// A field on several lines, on one.
  private static func unfolded(_ text: String) -> String {
    text.split { $0 == "\n" || $0 == "\r\n" }.enumerated().map {
      $0.offset == 0 ? String($0.element) : " " + $0.element.drop { $0 == " " || $0 == "\t" }
    }.joined()
  }

  private mutating func detail(_ name: String, _ value: String) {
    if value.isEmpty { return }
    indent()
    page.add(name, width: 8, .dim)
    page.line(value)
  }

  private mutating func edit(_ edit: String) {
    indent()
    page.line(edit, edit.hasPrefix("+ ") ? .green : edit.hasPrefix("- ") ? .red : .blue)
  }

  private mutating func indent() { page.add(String(repeating: " ", count: 12)) }

  private mutating func passed(_ event: TraceEvent) {
    for stage in event[.stages].split(separator: " ") {
      let parts = stage.split(separator: "=")
      guard parts.count == 2 else { continue }
      stamp(event)
      page.add("CONTINUE", width: 10, .green)
      page.add(String(parts[0]), .bold)
      page.line("  \(Self.duration(Int64(parts[1]) ?? 0))", .dim)
    }
  }

  static func duration(_ microseconds: Int64) -> String {
    switch microseconds {
    case ..<1000: "\(microseconds) us"
    case ..<10_000: "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    case ..<10_000_000: "\(microseconds / 1000) ms"
    default: "\(microseconds / 1_000_000) s"
    }
  }

  private static func tone(_ verdict: String) -> TerminalText.Tone {
    switch verdict {
    case "REJECT", "FAILED", "FAIL", "DISCARD": .red
    case "TEMPFAIL", "PENDING": .yellow
    default: .green
    }
  }
}
