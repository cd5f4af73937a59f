// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import Runtime
import Tables

/// Whoever answers for one: the component in this process, or its worker.
package protocol TableSource: AnyObject, Sendable {
  var takesParts: Bool { get }
  var keepsCase: Bool { get }
  /// How long it is waited for.
  var limit: Duration { get }

  /// `completion` is called once, on some thread. Who waits no longer says `abandon` to what is answered, if it is.
  func begin(_ key: [UInt8], _ completion: @escaping @Sendable (TableAnswer) -> Void) -> TableCall?
  /// The time is over.
  func late() -> TableAnswer
  /// Failures go to the log, once a minute.
  func told(_ answer: TableAnswer) -> TableAnswer
}

/// A table that a component of a plugin answers for. Made while the configuration is read, it answers once it is open.
package final class PluginTable: ExternalTable {
  package let definition: ExternalDefinition
  private let engine = Monitor<(any TableSource)?>(nil)

  /// A longer key is in no table.
  static let maximumKey = 16 * 1024

  package init(_ definition: ExternalDefinition) { self.definition = definition }

  /// From here on it answers.
  package func open(_ engine: any TableSource) { self.engine.withLock { $0 = engine } }

  private var opened: (any TableSource)? { engine.withLock { $0 } }

  package var takesParts: Bool { opened?.takesParts ?? true }

  /// On a loop it is what `Lookups.resolve` knows already; elsewhere the caller waits.
  package func value(for key: UnsafeRawBufferPointer) -> String? {
    guard !key.isEmpty, key.count <= Self.maximumKey else { return nil }
    let key = opened?.keepsCase == true ? Array(key) : CaseFolding.fold(key)
    if let memo = LookupMemo.current { return memo.value(of: key, in: self) }
    switch wait(for: key) {
    case .value(let text): return text
    case .none: return nil
    case .failure:
      cpluginhost_fail()
      return nil
    }
  }

  package var hasFailed: Bool {
    if let memo = LookupMemo.current { return memo.hasFailed(self) }
    return cpluginhost_take_failure() != 0
  }

  /// Waits, on a thread that may.
  func wait(for key: [UInt8]) -> TableAnswer {
    guard let engine = opened else { return .failure(.notOpen) }
    guard EventLoop.current == nil else { return engine.told(.failure(.hurried)) }
    let box = Monitor<TableAnswer?>(nil)
    let call = engine.begin(key) { answer in
      box.withLock { $0 = answer }
      box.signal()
    }
    if let answer = box.wait(timeout: engine.limit, until: { $0 }) { return engine.told(answer) }
    call?.abandon()
    return engine.told(engine.late())
  }

  private final class Slot {
    var answer: TableAnswer?
    var continuation: UnsafeContinuation<Void, Never>?

    func settle(_ answer: TableAnswer) {
      guard self.answer == nil else { return }
      self.answer = answer
      continuation?.resume()
      continuation = nil
    }
  }

  /// Without holding up the loop that it is called on.
  func answer(_ key: [UInt8], on loop: EventLoop) async -> TableAnswer {
    guard let engine = opened else { return .failure(.notOpen) }
    nonisolated(unsafe) let slot = Slot()
    let call = engine.begin(key) { answer in loop.spawn { slot.settle(answer) } }
    let timer = loop.timer {
      if slot.answer == nil { call?.abandon() }
      slot.settle(engine.late())
    }
    loop.arm(timer, at: loop.now + engine.limit)
    if slot.answer == nil { await withUnsafeContinuation { slot.continuation = $0 } }
    loop.remove(timer)
    return engine.told(slot.answer ?? .failure(.notOpen))
  }
}

/// Makes them for a configuration.
package struct PluginTables: ExternalTables {
  package init() {}
  package func table(_ definition: ExternalDefinition) -> any ExternalTable { PluginTable(definition) }
}
