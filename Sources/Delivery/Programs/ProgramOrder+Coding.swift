// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue

/// Fields of bytes, each with its length before it.
private enum Fields {
  static func encode(_ fields: [[UInt8]]) -> [UInt8] {
    fields.flatMap { field in withUnsafeBytes(of: UInt32(clamping: field.count).littleEndian) { Array($0) } + field }
  }

  static func decode(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
    var rest = bytes
    var fields: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
      guard rest.count >= 4 else { return nil }
      let count = Int(rest.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
      rest = rest.dropFirst(4)
      guard count <= rest.count else { return nil }
      fields.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return fields
  }
}

extension ProgramOrder {
  var encoded: [UInt8] {
    Fields.encode([Array(transport.utf8), Array(nexthop.utf8), Array(id.description.utf8), Array(String(size).utf8), envelope.encoded])
  }

  init?(encoded bytes: [UInt8]) {
    guard let fields = Fields.decode(bytes[...]), fields.count == 5, let id = QueueID(fields[2].text), let size = Int64(fields[3].text),
      let envelope = Envelope(encoded: Array(fields[4]))
    else { return nil }
    self.init(transport: fields[0].text, nexthop: fields[1].text, id: id, size: size, envelope: envelope)
  }
}

extension ProgramAnswer {
  var encoded: [UInt8] {
    switch self {
    case .done(let outcome):
      return Fields.encode(["done", outcome.outcome.rawValue, outcome.reason.status, outcome.reason.text].map { Array($0.utf8) })
    case .sendOn(let targets, let owner, let text):
      let head = ["on", owner.map { "=\($0)" } ?? "", text.map { "=\($0)" } ?? ""]
      return Fields.encode((head + targets.map { ($0.isFinal ? "\\" : "=") + $0.address }).map { Array($0.utf8) })
    }
  }

  init?(encoded bytes: [UInt8]) {
    guard let fields = Fields.decode(bytes[...])?.map(\.text), fields.count >= 3 else { return nil }
    switch fields[0] {
    case "done":
      guard fields.count == 4, let outcome = RecipientResult.Outcome(rawValue: fields[1]) else { return nil }
      self = .done(ProgramOutcome(outcome, fields[2], fields[3]))
    case "on":
      let targets = fields.dropFirst(3).map { Target(address: String($0.dropFirst()), isFinal: $0.hasPrefix("\\")) }
      self = .sendOn(targets, owner: ProgramAnswer.optional(fields[1]), text: ProgramAnswer.optional(fields[2]))
    default: return nil
    }
  }

  private static func optional(_ field: String) -> String? { field.isEmpty ? nil : String(field.dropFirst()) }
}

extension ArraySlice<UInt8> {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
