// SPDX-License-Identifier: MIT
import CWeir

/// What a request came back with.
public struct Answer {
  let raw: UnsafePointer<weir_result>

  /// Nil when it was answered.
  public var error: HostError? { raw.pointee.status < 0 ? HostError(status: raw.pointee.status) : nil }
  /// There is no such name, record or key: which is an answer, too.
  public var isNotFound: Bool { error == .notFound }
  public var isSecure: Bool { raw.pointee.flags & UInt32(truncatingIfNeeded: WEIR_RESULT_SECURE) != 0 }
  public var timeToLive: UInt32 { raw.pointee.ttl }
  public var items: Pairs { Pairs(start: raw.pointee.items, count: raw.pointee.n_items) }
}

public struct RecordType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let a = RecordType(rawValue: 1)
  public static let cname = RecordType(rawValue: 5)
  public static let ptr = RecordType(rawValue: 12)
  public static let mx = RecordType(rawValue: 15)
  public static let txt = RecordType(rawValue: 16)
  public static let aaaa = RecordType(rawValue: 28)
  public static let tlsa = RecordType(rawValue: 52)
}

/// Requests whose closure says the verdict of this event. The session waits, no thread does; the host keeps the time.
/// A closure runs once, in the session; if the session ends before, or the host has decided, it is dropped and does not run.
extension Context {
  public typealias Continuation = @Sendable (Answer, Context) throws -> Verdict

  public func verdict(afterResolving name: String, _ type: RecordType, _ continuation: @escaping Continuation) -> Verdict {
    pending(continuation) { user in name.lend { host.pointee.dns(host, raw.pointee.id, $0, type.rawValue, finished, user) } }
  }

  /// A look-up in a table of the configuration, which an option of type table has named.
  public func verdict(afterLooking key: String, upIn table: String, _ continuation: @escaping Continuation) -> Verdict {
    pending(continuation) { user in
      key.lend { key in table.withCString { host.pointee.lookup(host, raw.pointee.id, $0, key, finished, user) } }
    }
  }

  public func verdict(after time: Duration, _ continuation: @escaping Continuation) -> Verdict {
    pending(continuation) { host.pointee.timer(host, raw.pointee.id, time.wholeMilliseconds, finished, $0) }
  }

  /// `work` may block: it runs on a thread of the host's.
  public func verdict<Product: Sendable>(
    afterWork work: @escaping @Sendable () -> Product, _ continuation: @escaping @Sendable (Product, Context) throws -> Verdict
  ) -> Verdict {
    let job = Job(work)
    return pending({ _, context in try job.product.map { try continuation($0, context) } ?? .fail }, work: { job.run() }) {
      host.pointee.offload(host, raw.pointee.id, worked, finished, $0)
    }
  }

  /// For a thread or a service of the stage's own, which calls `answer` once, from wherever it likes.
  public func verdict(from begin: (_ pending: Pending) -> Void) -> Verdict {
    begin(Pending(id: id, host: instance._withUnsafeGuaranteedRef { $0.host }, instance: instance.toOpaque()))
    return .pending
  }

  private func pending(
    _ continuation: @escaping Continuation, work: (@Sendable () -> Void)? = nil, begin: (UnsafeMutableRawPointer) -> Int32
  ) -> Verdict {
    ask(Request(instance, waiting: id, work: work, continuation), begin) ? .pending : .tempfail
  }

  /// The closure's owner is the host if it takes the request.
  func ask(_ request: Request, _ begin: (UnsafeMutableRawPointer) -> Int32) -> Bool {
    let user = Unmanaged.passRetained(request)
    if begin(user.toOpaque()) == Int32(truncatingIfNeeded: WEIR_OK) { return true }
    user.release()
    return false
  }
}

/// Requests that nobody waits for: begun at one event, looked at when another comes, in `context.session` or `context.message`.
extension Context {
  public typealias Completion = @Sendable (Answer, Context) -> Void

  @discardableResult public func resolve(_ name: String, _ type: RecordType, _ completion: @escaping Completion) -> Bool {
    ask(Request(instance, completion)) { user in
      name.lend { host.pointee.dns(host, raw.pointee.id, $0, type.rawValue, finished, user) }
    }
  }

  @discardableResult public func look(_ key: String, upIn table: String, _ completion: @escaping Completion) -> Bool {
    ask(Request(instance, completion)) { user in
      key.lend { key in table.withCString { host.pointee.lookup(host, raw.pointee.id, $0, key, finished, user) } }
    }
  }

  @discardableResult public func wait(_ time: Duration, _ completion: @escaping Completion) -> Bool {
    ask(Request(instance, completion)) { host.pointee.timer(host, raw.pointee.id, time.wholeMilliseconds, finished, $0) }
  }
}

/// An event that waits for a thread of the stage's own.
public struct Pending: @unchecked Sendable {
  let id: UInt64
  let host: Host
  let instance: UnsafeMutableRawPointer

  /// Runs the closure in the session; it says the verdict. False if the session has gone, or the host has decided.
  @discardableResult public func answer(_ verdict: @escaping @Sendable (Context) throws -> Verdict) -> Bool {
    let request = Unmanaged.passRetained(Request(.fromOpaque(instance), waiting: id) { _, context in try verdict(context) })
    if host.raw.pointee.post(host.raw, id, finished, request.toOpaque()) == Int32(truncatingIfNeeded: WEIR_OK) { return true }
    request.release()
    return false
  }
}

/// A closure on its way through the host.
final class Request: Sendable {
  private let instance: Instance
  /// The event that waits for the closure's verdict; nil if none does.
  private let waiting: UInt64?
  private let work: (@Sendable () -> Void)?
  private let continuation: Context.Continuation

  init(_ instance: Unmanaged<Instance>, waiting: UInt64, work: (@Sendable () -> Void)? = nil, _ continuation: @escaping Context.Continuation) {
    self.instance = instance.takeUnretainedValue()
    self.waiting = waiting
    self.work = work
    self.continuation = continuation
  }

  init(_ instance: Unmanaged<Instance>, _ completion: @escaping Context.Completion) {
    self.instance = instance.takeUnretainedValue()
    waiting = nil
    work = nil
    continuation = { answer, context in
      completion(answer, context)
      return .continue
    }
  }

  func run() { work?() }

  func finish(_ raw: UnsafeMutablePointer<weir_ctx>, _ result: UnsafePointer<weir_result>) {
    let context = Context(raw: raw, id: waiting ?? raw.pointee.id, instance: .passUnretained(instance))
    let verdict = instance.verdict(context) { () throws -> Verdict in try continuation(Answer(raw: result), context) }
    // A closure that has begun another request leaves the event waiting for that one.
    guard let waiting, verdict != .pending else { return }
    _ = context.host.pointee.complete(context.host, waiting, verdict.rawValue)
  }
}

/// Work and its product. The host runs the one before it asks for the other, which orders the two accesses.
private final class Job<Product: Sendable>: @unchecked Sendable {
  private let work: @Sendable () -> Product
  private(set) var product: Product?

  init(_ work: @escaping @Sendable () -> Product) { self.work = work }

  func run() { product = work() }
}

private func finished(user: UnsafeMutableRawPointer?, context: UnsafeMutablePointer<weir_ctx>?, result: UnsafePointer<weir_result>?) {
  guard let user else { return }
  let request = Unmanaged<Request>.fromOpaque(user).takeRetainedValue()
  if let context, let result { request.finish(context, result) }
}

private func worked(user: UnsafeMutableRawPointer?) {
  guard let user else { return }
  Unmanaged<Request>.fromOpaque(user)._withUnsafeGuaranteedRef { $0.run() }
}

extension Duration {
  /// Rounded up, and as much as the host's argument holds.
  var wholeMilliseconds: UInt32 {
    let (seconds, rest) = components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? 0 : .max }
    let (total, carried) = milliseconds.addingReportingOverflow((rest + 999_999_999_999_999) / 1_000_000_000_000_000)
    return carried ? .max : UInt32(clamping: total)
  }
}
