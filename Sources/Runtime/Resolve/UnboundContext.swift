// SPDX-License-Identifier: Apache-2.0
import CUnbound
import Glibc
import Names

/// One libunbound context: its cache, its thread, and one server to ask, or none for the servers of each zone. On its loop's thread.
///
/// libunbound works in a thread of its own and writes to a pipe, on which the loop waits; callbacks come from `ub_process`, so from the loop.
/// A process that has a context must never fork without exec.
final class UnboundContext {
  /// What an answer is told, one without records where there are none; it comes exactly once, or never after `cancel`.
  final class Question {
    fileprivate let type: RecordType
    fileprivate let answered: (Result<NameAnswer, NameFailure>) -> Void
    fileprivate var id: Int32 = 0

    init(_ type: RecordType, answered: @escaping (Result<NameAnswer, NameFailure>) -> Void) {
      self.type = type
      self.answered = answered
    }
  }

  private let loop: EventLoop
  private let handle: OpaquePointer
  private var token: UInt64?

  /// With `trustAnchors` answers are proved, and those that are not genuine are failures.
  init(
    on loop: EventLoop, server: ResolverConfiguration.Server?, rootServers: [ResolverConfiguration.Server] = [], trustAnchors: [String] = []
  ) throws(SystemError) {
    guard let handle = cunbound_context() else { throw SystemError(code: ENOMEM, operation: "libunbound") }
    self.loop = loop
    self.handle = handle
    do throws(SystemError) {
      for (name, value) in Self.options { try Self.check(ub_ctx_set_option(handle, name, value), name) }
      if let server { try Self.check(ub_ctx_set_fwd(handle, server.description), "server \(server)") }
      for root in rootServers where server == nil { try Self.check(ub_ctx_set_stub(handle, ".", root.description, 1), "root server \(root)") }
      for anchor in trustAnchors { try Self.check(ub_ctx_add_ta(handle, anchor), "trust anchor \(anchor)") }
      for zone in Self.privateZones where !trustAnchors.isEmpty { try Self.check(ub_ctx_set_option(handle, "domain-insecure:", zone), zone) }
      for zone in Self.unwantedZones { try Self.check(ub_ctx_zone_remove(handle, zone), zone) }
      token = try loop.watch(ub_fd(handle), self)
    } catch {
      ub_ctx_delete(handle)
      throw error
    }
  }

  /// Ends the thread of libunbound. Questions that are open get no answer.
  deinit {
    if let token { loop.unwatch(token, ub_fd(handle)) }
    // It waits for that thread, so another has to: a loop must not.
    let context = UnsafeTransfer(handle)
    let closing = try? Thread(name: "names-close") { ub_ctx_delete(context.value) }
    if let closing { closing.detach() } else { ub_ctx_delete(handle) }
  }

  /// Measured against servers that are slow, silent, and come back. libunbound forgets a question that it repeats, with the answer to it that is on its way:
  /// so it repeats late. It counts a server dead whose answers take longer than the greatest time, and asks it again only when its memory of it ends: so that
  /// time is longer than any question is waited for, and the memory short.
  private static let options = [
    ("outbound-msg-retry:", "3"), ("infra-cache-min-rtt:", "1000"), ("unknown-server-time-limit:", "1000"), ("infra-cache-max-rtt:", "8000"),
    ("infra-host-ttl:", "2"), ("infra-keep-probing:", "yes"),
    // The server is often a cache on this machine or in a private network, and so are names.
    ("do-not-query-localhost:", "no"), ("unblock-lan-zones:", "yes"), ("insecure-lan-zones:", "yes"),
    // RFC 9715 §3.1: no fragments.
    ("edns-buffer-size:", "1232"),
    // The library's own numbers are for a program that asks now and then.
    ("outgoing-range:", "\(outgoingPorts)"), ("outgoing-num-tcp:", "\(outgoingConnections)"), ("incoming-num-tcp:", "0"),
    ("num-queries-per-thread:", "4096"),
    ("msg-cache-size:", "4m"), ("rrset-cache-size:", "8m"), ("key-cache-size:", "1m"), ("neg-cache-size:", "1m"),
  ]
  /// Descriptors that libunbound may use at a time for questions by UDP.
  static let outgoingPorts = 192
  static let outgoingConnections = 32

  /// What libunbound would answer by itself, though the server may have names there.
  private static let unwantedZones = ["test.", "invalid.", "127.in-addr.arpa."]

  /// Names that are given in private networks, of which the root proves that they do not exist: RFC 6761, RFC 8375, and what people took before.
  private static let privateZones = ["corp", "home", "home.arpa", "internal", "intranet", "invalid", "lan", "local", "private", "test"]

  private static func check(_ code: Int32, _ what: String) throws(SystemError) {
    if code != 0 { throw SystemError(code: EINVAL, operation: "libunbound: \(what): \(String(cString: ub_strerror(code)))") }
  }

  /// Asks. False if that is not possible now; then no answer comes.
  func ask(_ name: String, _ question: Question) -> Bool {
    let argument = Unmanaged.passRetained(question)
    let code = ub_resolve_async(handle, name, Int32(question.type.rawValue), Self.classIN, argument.toOpaque(), unboundAnswered, &question.id)
    if code != 0 { argument.release() }
    return code == 0
  }

  /// Takes back a question that was asked and has had no answer.
  func cancel(_ question: Question) {
    // The callback would have released it.
    if ub_cancel(handle, question.id) == 0 { Unmanaged.passUnretained(question).release() }
  }

  private static let classIN: Int32 = 1
}

extension UnboundContext: Watcher {
  func becameReady(_ readiness: Readiness) { _ = ub_process(handle) }
}

/// Only for `ub_process`, which a loop calls.
private func unboundAnswered(_ argument: UnsafeMutableRawPointer?, _ code: Int32, _ result: UnsafeMutablePointer<ub_result>?) {
  defer { ub_resolve_free(result) }
  guard let argument else { return }
  let question = Unmanaged<UnboundContext.Question>.fromOpaque(argument).takeRetainedValue()
  guard code == 0, let result else { return question.answered(.failure(.temporary(String(cString: ub_strerror(code))))) }
  question.answered(result.pointee.answer(question.type))
}

extension ub_result {
  /// `bogus` first: a forged answer has the code of a good one.
  fileprivate func answer(_ type: RecordType) -> Result<NameAnswer, NameFailure> {
    if bogus != 0 { return .failure(.temporary("not genuine: \(why_bogus.map { String(cString: $0) } ?? "DNSSEC validation failed")")) }
    switch rcode {
    case 0: return havedata != 0 ? records(type) : nothing
    case 3: return nothing
    case 2: return .failure(.temporary("the name server failed"))
    case 5: return .failure(.temporary("the name server refused"))
    default: return .failure(.temporary("the name server failed with code \(rcode)"))
    }
  }

  /// No such name, or none of this type.
  private var nothing: Result<NameAnswer, NameFailure> { .success(NameAnswer([], isSecure: secure != 0, timeToLive: Int(max(0, ttl)))) }

  private func records(_ type: RecordType) -> Result<NameAnswer, NameFailure> {
    guard let data, let len else { return nothing }
    var records: [NameRecord] = []
    var index = 0
    while let start = data[index] {
      if let record = NameRecord(type, UnsafeRawBufferPointer(start: start, count: Int(max(0, len[index])))) { records.append(record) }
      index += 1
    }
    if records.isEmpty { return index == 0 ? nothing : .failure(.temporary("the name server's answer makes no sense")) }
    return .success(NameAnswer(records, isSecure: secure != 0, timeToLive: Int(max(0, ttl)), canonicalName: end))
  }

  /// The end of the aliases, if it is a name that can be asked for.
  private var end: String? {
    guard let canonname else { return nil }
    let name = String(cString: canonname)
    let trimmed = name.hasSuffix(".") ? String(name.dropLast()) : name
    return isHostName(trimmed) ? trimmed : nil
  }
}

/// A handle on its way to the thread that ends it.
private struct UnsafeTransfer: @unchecked Sendable {
  let value: OpaquePointer
  init(_ value: OpaquePointer) { self.value = value }
}
