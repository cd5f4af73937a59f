// SPDX-License-Identifier: Apache-2.0
import Events

/// What became of a message, told to programs. docs/explain.md has the keys.
enum StoryJSON {
  /// Nil for what is told elsewhere.
  static func step(_ event: TraceEvent) -> JSONValue? {
    guard event.kind == .step else { return nil }
    return .some(
      ("stage", .text(event[.stageName])), ("at", .text(event[.place])), ("verdict", .text(event[.action])), ("rule", .text(event[.rule])),
      ("matched", .text(event[.matched])), ("reply", .text(event[.reply])), ("failure", .text(event[.reason])),
      ("shadow", event.has(.isShadow) ? .flag(true) : nil), ("duration", event.has(.duration) ? .seconds(event.number(.duration) ?? 0) : nil),
      ("edits", .list(event[.edits].split(separator: "\n").map { .text(String($0)) })))
  }

  static func passed(_ event: TraceEvent) -> [JSONValue] {
    guard event.kind == .passed else { return [] }
    return event[.stages].split(separator: " ").compactMap { stage in
      let parts = stage.split(separator: "=")
      guard parts.count == 2 else { return nil }
      return .some(("stage", .text(String(parts[0]))), ("verdict", .text("CONTINUE")), ("duration", .seconds(Int64(parts[1]) ?? 0)))
    }
  }

  static func answer(_ event: TraceEvent) -> JSONValue? {
    guard event.kind == .answer else { return nil }
    return .some(("at", .text(event[.place])), ("reply", .text(event[.reply])), ("code", .text(event[.code])))
  }

  static func delivery(_ event: TraceEvent) -> JSONValue? {
    guard event.kind == .delivery else { return nil }
    return .some(
      ("time", .seconds(event.time)), ("to", .text(event[.recipient])), ("relay", .text(event[.relay])), ("dsn", .text(event[.dsn])),
      ("status", .text(event[.status])), ("reason", .text(event[.reason])))
  }

  static func report(_ event: TraceEvent) -> JSONValue? {
    guard event.kind == .notice else { return nil }
    return .some(("time", .seconds(event.time)), ("notice", .text(event[.notice])), ("queue_id", .text(event[.report])))
  }

  static func logLine(_ event: TraceEvent) -> JSONValue? {
    guard event.kind == .text else { return nil }
    return .text("\(event.service): \(event[.text])")
  }
}
