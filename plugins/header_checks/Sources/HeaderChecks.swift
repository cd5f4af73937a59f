// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables
import WeirPlugin

/// Postfix's header_checks(5): each header line of a message is looked up in tables of patterns, and the answer says what becomes of it.
///
/// An instance never changes, so sessions on any thread use it at once.
final class HeaderChecks: Stage {
  static let component = Component(
    "header_checks", help: "tests header lines against tables of patterns", events: [.header, .partHeader],
    capabilities: [.headers, .recipients, .route, .reject],
    options: [
      .table("header_checks", default: "", help: "for the header of the message").many,
      .table("mime_header_checks", default: "option:header_checks", help: "for header lines of MIME, wherever they are").many,
      .table("nested_header_checks", default: "option:header_checks", help: "for the headers of attached messages").many,
      .size("header_size_limit", default: "102400", help: "how much of a header line is looked at"),
    ],
    properties: LogContext.properties)

  private let rules: HeaderRules

  init(host: Host, options: Options) throws {
    rules = try HeaderRules.read(
      options.all("header_checks"), mime: options.all("mime_header_checks"), nested: options.all("nested_header_checks"),
      limit: options.int("header_size_limit"), files: DiskFiles())
  }

  func wanted(of granted: EventSet) -> EventSet { granted.intersection(rules.events) }

  func handle(_ event: Event, _ context: Context) throws -> Verdict {
    let place: HeaderRules.Place = event.kind == .header ? .primary : event.isNested ? .nested : .part
    let line = HeaderLine(event)
    guard let match = rules.match(line, place) else { return .continue }
    return try Reaction(match: match, line: line, limit: rules.limit, reference: event.kind == .header ? event.reference : nil, context: context)
      .perform()
  }
}

/// A header field as the host tells of it. The bytes are lent until the callback returns.
struct HeaderLine {
  let name: UnsafeBufferPointer<UInt8>
  let value: UnsafeBufferPointer<UInt8>
  /// No blank follows the colon.
  let isTight: Bool

  init(_ event: Event) {
    name = event.name.bytes.bindMemory(to: UInt8.self)
    value = event.value.bytes.bindMemory(to: UInt8.self)
    let separator = event.parameters.isEmpty ? nil : event.parameter("separator")
    isTight = separator.map { $0.bytes.last != 0x20 } ?? false
  }

  /// As the rules see it.
  @inline(__always)
  func logical<Result>(limit: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    LogicalHeader.with(name, value, isTight: isTight, limit: limit, body)
  }
}

private let plugin = Plugin(id: "weir.header_checks", version: "1", stages: [HeaderChecks.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
