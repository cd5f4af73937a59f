// SPDX-License-Identifier: MIT
import CWeir

/// A look-up table. There is one instance for each file of options; it is asked from several threads at once, unless its component is `.serial`.
public protocol Table: AnyObject, Sendable {
  static var component: Component { get }

  /// Throws a `Refusal` if it cannot work like that; one that begins with the name of an option and a colon is shown where that option stands.
  init(host: Host, options: Options) throws

  /// Whether it is to be asked for parts of what is looked for, such as `@example.com`; a table of patterns is not.
  var takesParts: Bool { get }

  /// Must not block, unless the component is `.blocking`. What it throws goes to the log, and counts as `.tempfail`.
  func lookUp(_ key: BorrowedText, _ context: LookUp) throws -> Finding

  /// Whether a new instance would answer otherwise. Asked now and then, of a component that was made with `asksForChanges`.
  func hasChanged() -> Bool
}

extension Table {
  public var takesParts: Bool { true }
  public func hasChanged() -> Bool { false }
}

extension Component {
  /// A table; `name` is its type in the configuration.
  public init(table name: StaticString, help: StaticString, traits: Traits = [], asksForChanges: Bool = false, options: [Option] = []) {
    let kinds = [WEIR_TABLE_LOOKUP, WEIR_TABLE_PARTS] + (asksForChanges ? [WEIR_TABLE_CHANGED] : [])
    self.init(name, help: help, events: EventSet(kinds.map { EventSet(EventKind($0)) }), traits: traits, options: options)
  }
}

extension Traits {
  /// Keys come as they are, not in lower case.
  public static let exactCase = Traits(rawValue: UInt32(truncatingIfNeeded: WEIR_TABLE_EXACT_CASE))
}

/// What a table says to a key.
public struct Finding: Sendable {
  enum Kind: Sendable { case found([[UInt8]]), none, tempfail, pending }

  let kind: Kind

  public static func value(_ text: String) -> Finding { Finding(kind: .found([Array(text.utf8)])) }
  /// Several are put together with commas; no value may be empty.
  public static func values(_ texts: [String]) -> Finding { bytes(texts.map { Array($0.utf8) }) }
  public static func bytes(_ values: [[UInt8]]) -> Finding { Finding(kind: values.isEmpty ? .none : .found(values)) }
  /// There is no such key.
  public static let none = Finding(kind: .none)
  /// Nobody can tell for now.
  public static let tempfail = Finding(kind: .tempfail)
}

/// A look-up that is under way. It is good until the callback returns, and not Sendable for that reason.
public struct LookUp {
  let raw: UnsafeMutablePointer<weir_ctx>
  let id: UInt64
  let instance: Unmanaged<TableInstance>

  var host: UnsafePointer<weir_host> { instance._withUnsafeGuaranteedRef { $0.host.raw } }

  /// The time that is left; nil if there is no limit.
  public var budget: Duration? { raw.pointee.budget_ms == 0 ? nil : .milliseconds(Int64(raw.pointee.budget_ms)) }

  public func log(_ level: LogLevel, _ text: String) {
    text.lend { host.pointee.log(host, id, level.rawValue, $0) }
  }

  /// For a thread or a service of the table's own, which calls `answer` once, from wherever it likes.
  public func finding(from begin: (_ pending: PendingLookUp) -> Void) -> Finding {
    begin(PendingLookUp(id: id, instance: instance.takeUnretainedValue()))
    return Finding(kind: .pending)
  }

  /// The verdict, with the answer given to the host.
  func verdict(_ finding: Finding) -> Int32 {
    switch finding.kind {
    case .none: return Verdict.continue.rawValue
    case .tempfail: return Verdict.tempfail.rawValue
    case .pending: return Verdict.pending.rawValue
    case .found(let values): return give(values) ? Verdict.done.rawValue : Verdict.fail.rawValue
    }
  }

  private func give(_ values: [[UInt8]]) -> Bool {
    let bytes = Array(values.joined())
    return bytes.withUnsafeBytes { bytes in
      var start = 0
      let pairs = values.map { value in
        defer { start += value.count }
        let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<start + value.count])
        return weir_pair(key: weir_str(), value: weir_str(ptr: piece.baseAddress?.assumingMemoryBound(to: CChar.self), len: piece.count))
      }
      let status = pairs.withUnsafeBufferPointer { pairs in
        instance._withUnsafeGuaranteedRef { $0.answer.pointee.answer(host, id, pairs.baseAddress, UInt64(pairs.count)) }
      }
      return status == Int32(truncatingIfNeeded: WEIR_OK)
    }
  }
}

/// A look-up that waits for a thread of the table's own.
public struct PendingLookUp: Sendable {
  let id: UInt64
  let instance: TableInstance

  /// False if nobody waits any more.
  @discardableResult public func answer(_ finding: Finding) -> Bool {
    let reply = Unmanaged.passRetained(LateFinding(self, finding))
    let host = instance.host.raw
    if host.pointee.post(host, id, answerLate, reply.toOpaque()) == Int32(truncatingIfNeeded: WEIR_OK) { return true }
    reply.release()
    return false
  }
}

private final class LateFinding: Sendable {
  let pending: PendingLookUp
  let finding: Finding

  init(_ pending: PendingLookUp, _ finding: Finding) { (self.pending, self.finding) = (pending, finding) }
}

private func answerLate(user: UnsafeMutableRawPointer?, context: UnsafeMutablePointer<weir_ctx>?, result: UnsafePointer<weir_result>?) {
  guard let user else { return }
  let late = Unmanaged<LateFinding>.fromOpaque(user).takeRetainedValue()
  guard let context else { return }
  let (pending, host) = (late.pending, late.pending.instance.host.raw)
  let lookUp = LookUp(raw: context, id: pending.id, instance: .passUnretained(pending.instance))
  _ = host.pointee.complete(host, pending.id, lookUp.verdict(late.finding))
}

/// A table as the host holds it.
final class TableInstance: Sendable {
  let host: Host
  nonisolated(unsafe) let answer: UnsafePointer<weir_answer>
  let table: any Table

  init(host: Host, answer: UnsafePointer<weir_answer>, table: any Table) {
    self.host = host
    self.answer = answer
    self.table = table
  }
}

func handleTableEvent(_ me: UnsafeMutableRawPointer?, _ context: UnsafeMutablePointer<weir_ctx>?, _ event: UnsafePointer<weir_event>?) -> Int32 {
  guard let me, let context, let event else { return Verdict.fail.rawValue }
  let instance = Unmanaged<TableInstance>.fromOpaque(me)
  return instance._withUnsafeGuaranteedRef { object in
    if event.pointee.type == UInt32(truncatingIfNeeded: WEIR_TABLE_CHANGED) {
      return object.table.hasChanged() ? Verdict.done.rawValue : Verdict.continue.rawValue
    }
    let lookUp = LookUp(raw: context, id: context.pointee.id, instance: instance)
    do {
      return lookUp.verdict(try object.table.lookUp(BorrowedText(event.pointee.value), lookUp))
    } catch {
      lookUp.log(.error, "\(error)")
      return Verdict.tempfail.rawValue
    }
  }
}

func destroyTable(_ me: UnsafeMutableRawPointer?) {
  if let me { Unmanaged<TableInstance>.fromOpaque(me).release() }
}
