// SPDX-License-Identifier: MIT

/// A filter. There is one instance for each appearance in the configuration; sessions call it from several threads at once,
/// one session never twice at a time. What belongs to a session or a message is kept in `context.session` and `context.message`.
public protocol Stage: AnyObject, Sendable {
  static var component: Component { get }

  /// Throws a `Refusal` if it cannot work like that: the operator reads the reason.
  init(host: Host, options: Options) throws

  /// Of the events that the component names, those that this instance needs: asked once, after `init`.
  func wanted(of granted: EventSet) -> EventSet

  /// Must not block, unless the component is `.blocking`. What it throws makes the verdict `.fail`.
  func handle(_ event: Event, _ context: Context) throws -> Verdict
}

extension Stage {
  public func wanted(of granted: EventSet) -> EventSet { granted }
}
