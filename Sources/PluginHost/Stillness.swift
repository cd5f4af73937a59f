// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// What a call finds that runs on another thread than its session: everything as it was when the call began. The session may go on meanwhile,
/// with callbacks of other stages, or without this call when that does not return.
final class Stillness {
  private let properties: [String: [UInt8]]
  /// A copy that nobody else works on.
  private let message: StagedMessage?

  init(_ owner: (any SeatOwner)?, for facts: ComponentFacts, _ message: StagedMessage?) {
    self.message = message
    guard let owner else {
      properties = [:]
      return
    }
    let declared = facts.properties.union(["queue.id"]).compactMap { key in owner.property(key).map { (key, $0) } }
    let own = owner.properties(withPrefix: "\(facts.name).").map { ($0.key, $0.value) }
    properties = Dictionary(declared + own, uniquingKeysWith: { first, _ in first })
  }

  func property(_ key: String) -> [UInt8]? { message?.properties[key] ?? properties[key] }

  var fields: HeaderFields? { message.flatMap { $0.hasContent ? $0.fields : nil } }

  func content(from offset: UInt64) -> UnsafeRawBufferPointer? { message.flatMap { $0.hasContent ? $0.content(from: offset) : nil } }
}
