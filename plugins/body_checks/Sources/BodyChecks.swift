// SPDX-License-Identifier: Apache-2.0
import Message
import Rules
import Tables
import WeirPlugin

/// Postfix's body_checks(5): each line of a message that is no header line is looked up in tables of patterns, and the answer says what becomes of it.
///
/// An instance never changes, so sessions on any thread use it at once.
final class BodyChecks: Stage {
  static let component = Component(
    "body_checks", help: "tests lines of the text against tables of patterns", events: [.endOfMessage],
    capabilities: [.recipients, .route, .reject, .body, .content],
    options: [
      .table("body_checks", default: "", help: "for each line that is in no header").many,
      .size("body_checks_size_limit", default: "51200", help: "how much of each part is looked at; 0: all of it"),
      .bool("decoded", default: "no", help: "looks text up decoded, too"),
    ],
    properties: LogContext.properties + ["header_checks.held", "header_checks.passed"])

  private static let names = Reaction.Names(
    rule: "body_checks.rule", matched: "body_checks.matched", held: "body_checks.held", passed: "body_checks.passed",
    told: "body_checks.told")

  private let rules: ContentChecks
  /// Postfix's body_checks_size_limit; 0 for none.
  private let limit: Int
  private let decodes: Bool

  init(host: Host, options: Options) throws {
    var reader = RuleReader(.body, files: DiskFiles())
    rules = reader.read("body_checks", options.all("body_checks"))
    try reader.end()
    limit = options.int("body_checks_size_limit")
    decodes = options.bool("decoded")
  }

  func wanted(of granted: EventSet) -> EventSet { rules.isEmpty ? [] : granted.intersection(.endOfMessage) }

  func handle(_ event: Event, _ context: Context) throws -> Verdict {
    try WholeMessage.with(context) { header, body in
      // Most messages end here: no word that a rule asks for is in them. Of long ones less may count than all.
      if !decodes, limit == 0 || body.count / 4 <= limit, !rules.mayMatch(in: body) { return .continue }
      // A PASS of header_checks is for the text, too.
      if try context.property("header_checks.passed") != nil { return .continue }
      let fields = MIMEFields(header)
      let edits = BodyEdits()
      var verdict = try lines(fields, body, edits, context)
      if decodes, verdict == .continue { verdict = try decoded(fields, body, context) }
      if verdict == .continue || verdict == .done { try edits.ask(context) }
      return verdict
    }
  }

  private func lines(_ fields: MIMEFields, _ body: UnsafeRawBufferPointer, _ edits: BodyEdits, _ context: Context) throws -> Verdict {
    let isSurelyPlain = fields.types.allSatisfy { $0.withUnsafeBytes { BodyLines.isSurelyPlain($0) } }
    guard rules.mayMatch(in: isSurelyPlain ? beginning(of: body) : body) else { return .continue }
    var lines = BodyLines(types: fields.types, body: body)
    let isPlain = lines.isPlain
    var outcome = Result<Verdict, any Error>.success(.continue)
    lines.run { event in
      guard case .text(let text) = event else { return true }
      if limit > 0, text.offset >= limit { return !isPlain }
      if text.range.isEmpty { return true }
      let line = UnsafeRawBufferPointer(rebasing: body[text.range]).bindMemory(to: UInt8.self)
      var exhausted: [String] = []
      let match = rules.match(line, exhausted: &exhausted)
      if match == nil, exhausted.isEmpty, rules.failing == nil { return true }
      let place = Reaction.Place.body(text: text.range, lines: text.range.lowerBound..<text.end, edits)
      outcome = Result { try judge(match, exhausted, line, place, context) }
      return (try? outcome.get()) == .continue
    }
    return try outcome.get()
  }

  /// The lines that begin within the limit.
  private func beginning(of body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard limit > 0, body.count > limit else { return body }
    let end = body[limit...].firstIndex(of: 0x0a) ?? body.count
    return UnsafeRawBufferPointer(rebasing: body[..<end])
  }

  private func decoded(_ fields: MIMEFields, _ body: UnsafeRawBufferPointer, _ context: Context) throws -> Verdict {
    var outcome = Result<Verdict, any Error>.success(.continue)
    DecodedText.lines(header: fields.all, body: body, limit: limit) { line in
      var exhausted: [String] = []
      let match = rules.match(line, exhausted: &exhausted)
      if match == nil, exhausted.isEmpty, rules.failing == nil { return true }
      outcome = Result { try judge(match, exhausted, line, .none, context) }
      return (try? outcome.get()) == .continue
    }
    return try outcome.get()
  }

  private func judge(
    _ match: ContentChecks.Match?, _ exhausted: [String], _ line: UnsafeBufferPointer<UInt8>, _ place: Reaction.Place, _ context: Context
  ) throws -> Verdict {
    if !exhausted.isEmpty, Exhaustion.tell(exhausted, length: line.count, context) { return .fail }
    guard let match else { return rules.failing.map { FailingTable.refuse($0, context) } ?? .continue }
    let shown = String(decoding: line.prefix(LogContext.maximumLine), as: UTF8.self)
    return try Reaction(match, .body, shown: shown, at: place, names: Self.names, context).perform()
  }
}

/// The fields of a message's header that say how its body is to be read.
struct MIMEFields {
  private(set) var all: [(name: [UInt8], value: [UInt8])] = []
  var types: [[UInt8]] { all.filter { $0.name.count == 12 }.map(\.value) }

  init(_ header: UnsafeRawBufferPointer) {
    _ = HeaderBlock.scan(header) { field in
      guard Self.isNeeded(header[field.name]) else { return }
      all.append((Array(header[field.name]), Array(header[field.value])))
    }
  }

  /// Content-Type, Content-Transfer-Encoding.
  private static func isNeeded(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard name.count == 12 || name.count == 25, let first = name.first, first | 0x20 == UInt8(ascii: "c") else { return false }
    let word = String(decoding: name, as: UTF8.self).lowercased()
    return word == "content-type" || word == "content-transfer-encoding"
  }
}

private let plugin = Plugin(id: "weir.body_checks", version: "1", stages: [BodyChecks.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
