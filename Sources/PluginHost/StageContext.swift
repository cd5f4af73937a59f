// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import CWeir
import Pipeline
import Runtime

/// One component in one session: its state, the event it is at, and what it asked for in the callback that runs.
///
/// What a callback asks for is noted here and done when it has returned, so a plugin's call never changes the session below the code that called the plugin.
/// Used by one thread at a time: that of the loop, or for a blocking call the one that makes it.
package final class StageContext {
  let instance: ComponentInstance
  private let home: StageHome
  /// Nil once the session has gone. Only on the loop, but for `start`.
  var environment: (any StageEnvironment)? { home.environment }
  /// What a call finds that runs on another thread; nil on the loop.
  private(set) var stillness: Stillness?
  private let memory: UnsafeMutablePointer<weir_ctx>
  /// The next number of an event of this session; all its contexts share it.
  private let tickets: Tickets
  /// From which the numbers are taken now.
  private var source: Tickets
  /// The event that on_event left pending.
  private var pendingID: UInt64 = 0
  private var hasCompleted: Int32?
  /// What came out of the callback, until it is taken.
  private(set) var edits: [StageEdit] = []
  private(set) var replySet: StageReply?
  /// Of a table.
  private var answer: [UInt8]?
  /// Something was tried that may not be: the component has failed.
  private(set) var hasMisbehaved = false
  /// Whether there is anything to take.
  private(set) var hasEffects = false
  private var lent: [UnsafeMutableRawPointer] = []
  private var requests: [StageRequest] = []
  /// The event that is being asked about.
  var event = StageEvent.connect
  /// In a worker: the number that the mta gave to what is being asked.
  var callNumber: UInt64 = 0
  private var isInMessage: Bool { !event.isOfSession }
  private var editSize = 0

  private static let maximumEdits = 20_000
  private static let maximumEditSize = 128 << 20
  private static let maximumRequests = 1000
  private static let maximumProperty = 64 * 1024

  init(_ instance: ComponentInstance, in home: StageHome) {
    self.instance = instance
    self.home = home
    tickets = home.tickets
    source = home.tickets
    memory = .allocate(capacity: 1)
    memory.initialize(to: weir_ctx())
    memory.pointee.size = UInt32(MemoryLayout<weir_ctx>.size)
  }

  deinit {
    returnLent()
    memory.deallocate()
  }

  // MARK: Calling

  /// From here on the context is another thread's: what it needs of the session it takes along.
  func leave(with stillness: Stillness) {
    self.stillness = stillness
    source = tickets.block()
  }

  func comeBack() {
    stillness = nil
    source = tickets
  }

  /// Calls on_event. Everything `event` points to must stay until it has returned.
  func call(_ event: UnsafePointer<weir_event>, budget: UInt32) -> Int32 {
    inFrame(event.pointee.type, budget) { onEvent(event) }
  }

  /// Host functions that the component calls in `body` are about this session.
  @inline(__always) private func inFrame(_ type: UInt32, _ budget: UInt32, _ body: () -> Int32) -> Int32 {
    memory.pointee.budget_ms = budget
    let before = cpluginhost_get_frame()
    cpluginhost_set_frame(Unmanaged.passUnretained(self).toOpaque())
    let marks = instance.marks
    if let marks { cpluginhost_mark(marks, callNumber, type) }
    let verdict = body()
    if let marks { cpluginhost_unmark(marks) }
    cpluginhost_set_frame(before)
    if !lent.isEmpty { returnLent() }
    return verdict
  }

  @inline(__always) private func onEvent(_ event: UnsafePointer<weir_event>) -> Int32 {
    let id = source.next()
    memory.pointee.id = id
    let verdict = instance.exclusively { instance.component.onEvent(instance.pointer, memory, event) }
    if verdict == StageVerdict.pending.rawValue { pendingID = id }
    memory.pointee.id = 0
    return verdict
  }

  /// Calls on_event for one field after the other, from `index` on, until an answer must be looked at: then `index` is behind that field. What is the same for
  /// all of them is done once. Fields from `limit` on, which this pass itself has added, are not shown.
  func sweep(
    _ rows: UnsafeBufferPointer<HeaderRow>, from index: inout Int, below limit: UInt64, added: Range<UInt64>, decoded: Bool,
    _ event: UnsafeMutablePointer<weir_event>, budget: UInt32
  ) -> Int32 {
    var next = index
    defer { index = next }
    return inFrame(StageEvent.header.rawValue, budget) {
      while next < rows.count {
        let row = rows[next]
        next += 1
        if row.reference >= limit { continue }
        event.pointee.ref = row.reference
        event.pointee.flags = added.contains(row.reference) ? UInt32(WEIR_F_ADDED) : 0
        event.pointee.name = weir_str(row.name)
        event.pointee.value = weir_str(decoded ? row.decoded : row.value)
        let verdict = if let separator = row.separator, !decoded { onEvent(event, after: separator) } else { onEvent(event) }
        if verdict != 0 || hasEffects || !lent.isEmpty { return verdict }
      }
      return 0
    }
  }

  /// `Subject:x`, `Subject : x`: who must know the field byte by byte is told what stood there.
  private func onEvent(_ event: UnsafeMutablePointer<weir_event>, after separator: UnsafeRawBufferPointer) -> Int32 {
    let key: StaticString = "separator"
    let name = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return withUnsafePointer(to: weir_pair(key: weir_str(name), value: weir_str(separator))) { pair in
      (event.pointee.params, event.pointee.n_params) = (pair, 1)
      defer { (event.pointee.params, event.pointee.n_params) = (nil, 0) }
      return onEvent(event)
    }
  }

  /// Runs the callback of a request that has ended, in the session.
  func run(_ function: DoneFunction, _ user: UnsafeMutableRawPointer?, _ answer: StageRequest.Answer) {
    memory.pointee.id = source.next()
    let before = cpluginhost_get_frame()
    cpluginhost_set_frame(Unmanaged.passUnretained(self).toOpaque())
    let marks = instance.marks
    if let marks { cpluginhost_mark(marks, callNumber, event.rawValue) }
    defer { if let marks { cpluginhost_unmark(marks) } }
    ResultMemory.with(answer) { function(user, memory, $0) }
    cpluginhost_set_frame(before)
    memory.pointee.id = 0
    returnLent()
    if let verdict = hasCompleted {
      hasCompleted = nil
      environment?.completed(self, verdict)
    }
  }

  static func callWithout(_ function: DoneFunction, _ user: UnsafeMutableRawPointer?, status: Int32) {
    ResultMemory.with(.failed(status)) { function(user, nil, $0) }
  }

  /// The number of the last event.
  var ticket: UInt64 { tickets.current }

  /// Whether host functions may be called with `id` now.
  @inline(__always) func accepts(_ id: UInt64) -> Bool { id != 0 && (id == memory.pointee.id || id == pendingID) }

  func isPending(_ id: UInt64) -> Bool { id != 0 && id == pendingID }

  /// The event has been answered: its id is no longer good.
  func close() { pendingID = 0 }

  /// Whether nothing is left of the session that has ended.
  var isSpent: Bool { requests.isEmpty && !hasEffects && stillness == nil && memory.pointee.message == nil && memory.pointee.session == nil }

  /// For another session.
  func renew() {
    pendingID = 0
    hasCompleted = nil
    event = .connect
  }

  /// Takes what the callbacks asked for.
  func takeEffects() -> (edits: [StageEdit], reply: StageReply?, misbehaved: Bool) {
    defer {
      edits = []
      replySet = nil
      hasMisbehaved = false
      hasEffects = false
      editSize = 0
    }
    return (edits, replySet, hasMisbehaved)
  }

  /// Takes what a table has found.
  func takeAnswer() -> (value: [UInt8]?, misbehaved: Bool) {
    defer { answer = nil }
    return (answer, takeEffects().misbehaved)
  }

  // MARK: State

  /// Whether the component has a state or a request here.
  var holdsAnything: Bool { !requests.isEmpty || memory.pointee.message != nil || memory.pointee.session != nil }

  /// Gives the component its state of the message, or of the session, back to free.
  func endScope(_ scope: StageEdit.Scope) {
    guard holdsAnything else { return }
    instance.marked(callNumber, event.rawValue) { endUnmarked(scope) }
  }

  private func endUnmarked(_ scope: StageEdit.Scope) {
    if !requests.isEmpty { cancelRequests(ofMessage: scope == .message) }
    let state = scope == .message ? memory.pointee.message : memory.pointee.session
    guard let state else { return }
    if scope == .message { memory.pointee.message = nil } else { memory.pointee.session = nil }
    guard let free = instance.component.freeState else { return }
    nonisolated(unsafe) let given = state
    instance.soon { [instance] in free(instance.pointer, UInt32(scope == .message ? WEIR_PER_MESSAGE : WEIR_PER_SESSION), given) }
  }

  // MARK: What callbacks ask for

  private func deny() -> Int32 {
    instance.counters.denied.count()
    hasMisbehaved = true
    hasEffects = true
    return Status.denied
  }

  private var isTable: Bool { instance.component.kind == .table }

  /// The values of a key, with commas between.
  func answer(_ values: [[UInt8]]) -> Int32 {
    let value = Array(values.joined(separator: [UInt8(ascii: ",")]))
    guard !value.isEmpty, !value.contains(0) else { return Status.invalid }
    answer = value
    hasEffects = true
    return Status.ok
  }

  func edit(_ edit: StageEdit) -> Int32 {
    if let right = StageRights.needed(for: edit), !instance.component.facts.rights.contains(right) { return deny() }
    guard event.asks, edit.isAllowed(at: event) else { return deny() }
    switch edit {
    case .body(let bytes), .splice(_, _, let bytes), .header(_, _, _, let bytes): editSize += bytes.count
    default: break
    }
    guard edits.count < Self.maximumEdits, editSize <= Self.maximumEditSize else { return deny() }
    edits.append(edit)
    hasEffects = true
    return Status.ok
  }

  func reply(_ code: UInt32, _ status: String?, _ text: String?) -> Int32 {
    guard event.asks else { return deny() }
    guard let text, let reply = StageReply(code: code, status: status, text: text) else { return Status.invalid }
    replySet = reply
    hasEffects = true
    return reply.code >= 500 ? StageVerdict.reject.rawValue : StageVerdict.tempfail.rawValue
  }

  func get(_ key: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<weir_str>?) -> Int32 {
    out?.pointee = .empty
    if isTable { return Status.unsupported }
    guard let key, let out else { return Status.invalid }
    let name = String(cString: key)
    guard instance.component.facts.properties.contains(name) || name.hasPrefix("\(instance.component.facts.name).") else { return deny() }
    guard let value = ownProperty(name) ?? property(name) else { return Status.notFound }
    out.pointee = lend(value)
    return Status.ok
  }

  func property(_ name: String) -> [UInt8]? {
    if let stillness { return stillness.property(name) }
    return environment?.property(name)
  }

  private func ownProperty(_ name: String) -> [UInt8]? {
    for case .property(_, name, let value) in edits.reversed() { return value }
    return nil
  }

  func set(_ scope: UInt32, _ key: UnsafePointer<CChar>?, _ value: weir_str) -> Int32 {
    if isTable { return Status.unsupported }
    guard let key, let scope = StageEdit.Scope(rawValue: scope), let bytes = value.copied(limit: Self.maximumProperty) else { return Status.invalid }
    let name = String(cString: key)
    guard StageCondition.isKey(name) else { return Status.invalid }
    guard StageEdit.maySet(name, component: instance.component.facts.name) else { return deny() }
    return edit(.property(scope, key: name, value: bytes))
  }

  func nextHeader(_ reference: UnsafeMutablePointer<UInt64>?, _ name: UnsafeMutablePointer<weir_str>?, _ value: UnsafeMutablePointer<weir_str>?)
    -> Int32
  {
    guard instance.component.facts.rights.contains(.fields) else { return deny() }
    guard let reference, let name, let value else { return Status.invalid }
    guard let fields = stillness.map(\.fields) ?? environment?.fields else { return deny() }
    let next = reference.pointee == 0 ? 0 : (fields.index(of: reference.pointee) ?? fields.count) + 1
    guard next < fields.count else { return Status.notFound }
    fields.withField(next) { number, fieldName, fieldValue in
      reference.pointee = number
      name.pointee = lend(Array(fieldName))
      value.pointee = lend(Array(fieldValue))
    }
    return Status.ok
  }

  func content(_ offset: UInt64, _ out: UnsafeMutablePointer<weir_str>?) -> Int32 {
    out?.pointee = .empty
    guard instance.component.facts.rights.contains(.content) else { return deny() }
    guard let out else { return Status.invalid }
    guard let bytes = stillness.map({ $0.content(from: offset) }) ?? environment?.content(from: offset), !bytes.isEmpty else {
      return Status.notFound
    }
    out.pointee = weir_str(bytes)
    return Status.ok
  }

  func complete(_ id: UInt64, _ verdict: Int32) -> Int32 {
    guard isPending(id), hasCompleted == nil else {
      instance.counters.stale.count()
      return Status.stale
    }
    hasCompleted = verdict
    return Status.ok
  }

  // MARK: Requests

  func request(_ work: StageRequest.Work, _ done: DoneFunction?, _ user: UnsafeMutableRawPointer?, offloaded: OffloadFunction? = nil) -> Int32 {
    if isTable { return Status.unsupported }
    guard let done else { return Status.invalid }
    guard event.asks, let environment else { return deny() }
    requests.removeAll { $0.isFinished }
    guard requests.count < Self.maximumRequests else { return Status.temporary }
    let request = StageRequest(work, isOfMessage: isInMessage, done: done, user: user, offloaded: offloaded)
    guard environment.start(request, for: self) else { return Status.temporary }
    requests.append(request)
    instance.counters.openRequests.count()
    return Status.ok
  }

  /// A request has ended. On the loop.
  package func finished(_ request: StageRequest, _ answer: StageRequest.Answer) {
    request.isRunning = false
    request.stop = nil
    guard !request.isFinished else { return }
    request.isFinished = true
    instance.counters.openRequests.wrappingSubtract(1, ordering: .relaxed)
    if request.isCancelled {
      StageContext.callWithout(request.done, request.user, status: Status.cancelled)
    } else {
      run(request.done, request.user, answer)
    }
  }

  /// Ends the requests of the scope: their callbacks run now, except where a thread still works for them.
  private func cancelRequests(ofMessage: Bool) {
    for request in requests where !request.isFinished && request.isOfMessage == ofMessage {
      request.isCancelled = true
      request.stop?()
      request.stop = nil
      if request.isRunning { continue }
      request.isFinished = true
      instance.counters.openRequests.wrappingSubtract(1, ordering: .relaxed)
      StageContext.callWithout(request.done, request.user, status: Status.cancelled)
    }
    requests.removeAll { $0.isFinished || $0.isCancelled }
  }

  // MARK: Lending

  private func lend(_ bytes: [UInt8]) -> weir_str {
    if bytes.isEmpty { return .empty }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
    lent.append(copy)
    return weir_str(UnsafeRawBufferPointer(start: copy, count: bytes.count))
  }

  private func returnLent() {
    for pointer in lent { pointer.deallocate() }
    lent.removeAll()
  }
}

/// What the contexts of one session share.
final class StageHome {
  /// Nil once the session has gone; a thread of a plugin may still hold a context then.
  weak var environment: (any StageEnvironment)?
  let tickets = Tickets()

  init(_ environment: (any StageEnvironment)? = nil) { self.environment = environment }
}

/// Numbers for the events of one session, which no other session has had.
final class Tickets {
  private var last: UInt64
  private let limit: UInt64

  init(after base: UInt64 = 0, limit: UInt64 = .max) { (last, self.limit) = (base, limit) }

  /// Beyond the limit the last one again: it is still the same call's.
  @inline(__always) func next() -> UInt64 {
    if last < limit { last &+= 1 }
    return last
  }

  /// Numbers for one call on another thread.
  func block() -> Tickets {
    let base = last
    last &+= Self.blockSize
    return Tickets(after: base, limit: last)
  }

  private static let blockSize: UInt64 = 1 << 20

  var current: UInt64 { last }

  func start(after base: UInt64) { last = base }
}

/// A `weir_result` for the length of a call.
enum ResultMemory {
  static func with(_ answer: StageRequest.Answer, _ body: (UnsafePointer<weir_result>) -> Void) {
    var result = weir_result()
    result.size = UInt32(MemoryLayout<weir_result>.size)
    guard case .items(let items, let isSecure, let ttl) = answer else {
      if case .failed(let status) = answer { result.status = status }
      return body(&result)
    }
    result.flags = isSecure ? UInt32(WEIR_RESULT_SECURE) : 0
    result.ttl = ttl
    withPairs(items) { pairs in
      result.items = pairs.baseAddress
      result.n_items = UInt64(pairs.count)
      body(&result)
    }
  }

  static func withPairs(_ items: [(key: String, value: [UInt8])], _ body: (UnsafeBufferPointer<weir_pair>) -> Void) {
    var bytes: [UInt8] = []
    var ranges: [(Range<Int>, Range<Int>)] = []
    for item in items {
      let key = bytes.count..<bytes.count + item.key.utf8.count
      bytes += Array(item.key.utf8)
      let value = bytes.count..<bytes.count + item.value.count
      bytes += item.value
      ranges.append((key, value))
    }
    bytes.withUnsafeBytes { bytes in
      let pairs = ranges.map { key, value in
        weir_pair(key: weir_str(UnsafeRawBufferPointer(rebasing: bytes[key])), value: weir_str(UnsafeRawBufferPointer(rebasing: bytes[value])))
      }
      pairs.withUnsafeBufferPointer(body)
    }
  }
}
