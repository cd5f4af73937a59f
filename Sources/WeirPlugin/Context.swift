// SPDX-License-Identifier: MIT
import CWeir

/// Where a stage is: in which session, in which message, at which event. It is good until the callback returns, and not Sendable
/// for that reason. Edits take effect when the callback returns, for the stages that follow.
public struct Context {
  let raw: UnsafeMutablePointer<weir_ctx>
  /// The event's, or that of the event that waits.
  let id: UInt64
  let instance: Unmanaged<Instance>

  @inline(__always) var host: UnsafePointer<weir_host> { instance._withUnsafeGuaranteedRef { $0.host.raw } }
  @inline(__always) var table: UnsafePointer<weir_message> { instance._withUnsafeGuaranteedRef { $0.message } }

  /// The time that is left before the host decides for the stage; nil if there is no limit.
  public var budget: Duration? { raw.pointee.budget_ms == 0 ? nil : .milliseconds(Int64(raw.pointee.budget_ms)) }

  public func log(_ level: LogLevel, _ text: String) {
    text.lend { host.pointee.log(host, id, level.rawValue, $0) }
  }

  // MARK: Verdicts with words

  /// The verdict that belongs to the code, with this reply. The text may have several lines.
  public func reply(_ code: Int, _ enhanced: StaticString, _ text: String) -> Verdict {
    Verdict(rawValue: text.lend { table.pointee.reply(host, id, UInt32(clamping: code), enhanced.characters, $0) })
  }

  public func reject(_ text: String) -> Verdict { reply(550, "5.7.1", text) }
  public func tempfail(_ text: String) -> Verdict { reply(451, "4.7.1", text) }

  // MARK: State

  /// The stage's own of this session: gone with it.
  public var session: AnyObject? {
    get { State.read(raw.pointee.session) }
    nonmutating set { State.write(newValue, to: &raw.pointee.session) }
  }

  /// The stage's own of this message: gone with it.
  public var message: AnyObject? {
    get { State.read(raw.pointee.message) }
    nonmutating set { State.write(newValue, to: &raw.pointee.message) }
  }

  /// The stage's own of this session; made when it is first asked for.
  public func session<Object: AnyObject>(_ make: @autoclosure () -> Object) -> Object {
    if let object = session as? Object { return object }
    let made = make()
    session = made
    return made
  }

  /// The stage's own of this message; made when it is first asked for.
  public func message<Object: AnyObject>(_ make: @autoclosure () -> Object) -> Object {
    if let object = message as? Object { return object }
    let made = make()
    message = made
    return made
  }

  // MARK: Properties

  /// A property that the component names in `properties`; nil if nobody has set it.
  public func property(_ key: StaticString) throws(HostError) -> BorrowedText? {
    var value = weir_str()
    let status = host.pointee.get(host, id, key.characters, &value)
    if status == HostError.notFound.rawValue { return nil }
    try HostError.check(status)
    return BorrowedText(value)
  }

  /// Sets `STAGE.…` or `ar.…` for the stages that follow and for the Authentication-Results field.
  public func set(_ key: StaticString, _ value: String, for scope: Scope = .message) throws(HostError) {
    try HostError.check(value.lend { host.pointee.set(host, id, scope.rawValue, key.characters, $0) })
  }

  public enum Scope: UInt32, Sendable { case session, message }
}

/// References that the host keeps and gives back.
enum State {
  static func read(_ raw: UnsafeMutableRawPointer?) -> AnyObject? {
    raw.map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
  }

  static func write(_ object: AnyObject?, to raw: inout UnsafeMutableRawPointer?) {
    if let old = raw { free(old) }
    raw = object.map { Unmanaged.passRetained($0).toOpaque() }
  }

  static func free(_ raw: UnsafeMutableRawPointer) {
    Unmanaged<AnyObject>.fromOpaque(raw).release()
  }
}
