// SPDX-License-Identifier: MIT
import CWeir

/// What a stage says to an event.
public struct Verdict: Hashable, Sendable {
  public let rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
  @inlinable init(_ constant: Int) { rawValue = Int32(truncatingIfNeeded: constant) }

  /// No opinion.
  @inlinable public static var `continue`: Verdict { Verdict(WEIR_CONTINUE) }
  /// No more events of this message; of the session, if the event was the session's.
  @inlinable public static var done: Verdict { Verdict(WEIR_DONE) }
  /// No more events of this kind of this message.
  @inlinable public static var skip: Verdict { Verdict(WEIR_SKIP) }
  /// Refused for good, with the host's words; `context.reject` gives one's own.
  @inlinable public static var reject: Verdict { Verdict(WEIR_REJECT) }
  /// Refused for now.
  @inlinable public static var tempfail: Verdict { Verdict(WEIR_TEMPFAIL) }
  /// Taken, and thrown away.
  @inlinable public static var discard: Verdict { Verdict(WEIR_DISCARD) }
  /// The stage itself has failed: what `on_failure` says is done.
  @inlinable public static var fail: Verdict { Verdict(WEIR_FAIL) }
  /// Of `verdict(after…)`: the closure says the verdict, later.
  @inlinable static var pending: Verdict { Verdict(WEIR_PENDING) }

  /// The same, and the connection is closed; of `reject` and `tempfail`.
  @inlinable public var closing: Verdict { Verdict(rawValue: rawValue | Int32(truncatingIfNeeded: WEIR_CLOSE)) }
}

/// What a host function says when it cannot: thrown on, it makes the verdict `fail`.
public enum HostError: Int32, Error {
  case notFound = -1
  case temporary = -2
  case timeout = -3
  case cancelled = -4
  case stale = -5
  case denied = -6
  case invalid = -7
  case unsupported = -8

  init(status: Int32) { self = HostError(rawValue: status) ?? .unsupported }

  @inline(__always) static func check(_ status: Int32) throws(HostError) {
    if status < 0 { throw HostError(status: status) }
  }
}

/// Thrown by a stage's `init`: the reason that the operator reads.
public struct Refusal: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
