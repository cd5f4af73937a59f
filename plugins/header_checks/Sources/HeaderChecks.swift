// SPDX-License-Identifier: Apache-2.0
import Message
import Rules
import Tables
import WeirPlugin

/// Postfix's header_checks(5): each header line of a message is looked up in tables of patterns, and the answer says what becomes of it.
///
/// The header of the message comes field by field; those of parts and attached messages are found at its end, in its body. An instance never changes, so
/// sessions on any thread use it at once.
final class HeaderChecks: Stage {
  static let component = Component(
    "header_checks", help: "tests header lines against tables of patterns", events: [.header, .endOfMessage],
    capabilities: [.headers, .recipients, .route, .reject, .body, .content],
    options: [
      .table("header_checks", default: "", help: "for the header of the message").many,
      .table("mime_header_checks", default: "option:header_checks", help: "for header lines of MIME, wherever they are").many,
      .table("nested_header_checks", default: "option:header_checks", help: "for the headers of attached messages").many,
      .size("header_size_limit", default: "102400", help: "how much of a header line is looked at"),
      .bool("decoded", default: "no", help: "looks encoded words up decoded, too"),
    ],
    properties: LogContext.properties)

  private static let names = Reaction.Names(
    rule: "header_checks.rule", matched: "header_checks.matched", held: "header_checks.held", passed: "header_checks.passed",
    told: "header_checks.told")

  private let rules: HeaderRules

  init(host: Host, options: Options) throws { rules = try HeaderRules.read(options, files: DiskFiles()) }

  func wanted(of granted: EventSet) -> EventSet { granted.intersection(rules.events) }

  func handle(_ event: Event, _ context: Context) throws -> Verdict {
    if event.kind == .endOfMessage { return try lookIntoParts(context) }
    // As in Postfix, of what is added on arrival the rules see Received.
    if event.isAdded, !event.name.isEqual(to: "received") { return .continue }
    if rules.looksIntoParts, event.name.isEqual(to: "content-type") { noteType(event.value, context) }
    return try judge(HeaderLine(event), .primary, .field(event.reference), context)
  }

  @inline(__always)
  private func judge(_ line: HeaderLine, _ kind: HeaderRules.Place, _ place: @autoclosure () -> Reaction.Place, _ context: Context) throws -> Verdict
  {
    var exhausted: [String] = []
    var decoded: String?
    let match = rules.match(line, kind, exhausted: &exhausted, decoded: &decoded)
    if !exhausted.isEmpty, Exhaustion.tell(exhausted, length: line.value.count, context) { return .fail }
    guard let match else { return rules.failing.map { FailingTable.refuse($0, context) } ?? .continue }
    return try Reaction(match, .header, shown: line.shown(limit: rules.limit), matched: decoded, at: place(), names: Self.names, context).perform()
  }

  private func noteType(_ value: BorrowedText, _ context: Context) {
    if context.message == nil, BodyLines.isSurelyPlain(value.bytes) { return }
    context.message(MessageMemory()).types.append(Array(value.bytes))
  }

  private func lookIntoParts(_ context: Context) throws -> Verdict {
    guard let memory = context.message as? MessageMemory, !memory.types.isEmpty else { return .continue }
    return try WholeMessage.with(context) { _, body in
      let edits = BodyEdits()
      let verdict = try fields(memory.types, body, edits, context)
      if verdict == .continue || verdict == .done { try edits.ask(context) }
      return verdict
    }
  }

  private func fields(_ types: [[UInt8]], _ body: UnsafeRawBufferPointer, _ edits: BodyEdits, _ context: Context) throws -> Verdict {
    var lines = BodyLines(types: types, body: body)
    if lines.isPlain { return .continue }
    var outcome = Result<Verdict, any Error>.success(.continue)
    lines.runFields { field in
      let value = field.value.lowerBound..<max(field.value.lowerBound, field.value.upperBound)
      let line = HeaderLine(name: body.text(field.name), value: body.text(value), isTight: true)
      let place = Reaction.Place.body(text: field.lines.lowerBound..<field.value.upperBound, lines: field.lines, edits)
      outcome = Result { try judge(line, field.isNested ? .nested : .part, place, context) }
      return (try? outcome.get()) == .continue
    }
    return try outcome.get()
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func text(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeRawBufferPointer(rebasing: self[range]).bindMemory(to: UInt8.self)
  }
}

private let plugin = Plugin(id: "weir.header_checks", version: "1", stages: [HeaderChecks.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
