// SPDX-License-Identifier: Apache-2.0
import CWeir
import Message
import Pipeline
import Runtime

/// What a component is shown by `weir plugin run`: one session with one message.
package struct RehearsalScript: Sendable {
  package var client = "192.0.2.1"
  package var clientName = "client.example"
  package var helo = "client.example"
  package var sender = "sender@example.com"
  package var recipients = ["recipient@example.net"]
  /// With LF at the ends of lines, as in the spool.
  package var header: [UInt8] = []
  package var body: [UInt8] = []
  /// What the DNS and tables answer, by name or key. Anything else does not exist.
  package var answers: [String: [String]] = [:]
  package var timeout = Duration.seconds(30)

  package init() {}

  /// As a file has it, with LF or CRLF.
  package mutating func setMessage(_ bytes: [UInt8]) {
    let text = bytes.enumerated().filter { $0.element != 0x0d || $0.offset + 1 >= bytes.count || bytes[$0.offset + 1] != 0x0a }.map(\.element)
    var end = 0
    while end < text.count, text[end] != 0x0a {
      end = (text[end...].firstIndex(of: 0x0a) ?? text.count - 1) + 1
    }
    header = Array(text[..<end])
    body = Array(text[end...].dropFirst())
  }
}

/// Shows a component a message and writes down what happens: each event, each edit, each verdict. On the caller's thread, without a loop:
/// timers pass at once, and names and tables are those of the script, so that the same message gives the same lines.
package final class Rehearsal {
  private let instance: ComponentInstance
  private let script: RehearsalScript
  private let write: (String) -> Void
  private let posts: RehearsalPosts
  private var context: StageContext?
  private let message = StagedMessage()
  private var sessionProperties: [String: [UInt8]] = [:]
  private var started: [StageRequest] = []
  private var completed: Int32?
  private var wanted: StageEvents
  private var isOver = false
  private var hasBegunMessage = false
  private var refusal: String?

  private static let maximumPiece = 64 * 1024

  /// `posts` is what the instance was made with.
  package init(_ instance: ComponentInstance, _ script: RehearsalScript, posts: RehearsalPosts, write: @escaping (String) -> Void) {
    self.instance = instance
    self.script = script
    self.posts = posts
    self.write = write
    wanted = instance.events
  }

  package func run() {
    let context = StageContext(instance, in: StageHome(self))
    self.context = context
    session(context)
    for recipient in script.recipients { ask(StageCall(.rcpt, value: recipient), context, isAlone: true) }
    ask(StageCall(.data, name: "DATA"), context)
    content(context)
    end(context)
    context.endScope(.session)
    posts.close()
    while let post = posts.next(within: .zero) { post(nil) }
  }

  private func session(_ context: StageContext) {
    ask(StageCall(.connect, name: script.clientName, value: script.client), context)
    ask(StageCall(.helo, name: "EHLO", value: script.helo), context)
    ask(StageCall(.mail, value: script.sender), context)
    hasBegunMessage = true
  }

  private func content(_ context: StageContext) {
    message.setContent(header: script.header, body: OwnedBytes(script.body))
    let decodes = instance.component.facts.wantsDecodedHeaders
    for (reference, name, value) in shownFields() where message.fields.index(of: reference) != nil {
      var call = StageCall(.header)
      call.name = name
      call.value = decodes ? value.withUnsafeBytes { EncodedWords.decoded($0) } : value
      call.reference = reference
      ask(call, context)
    }
    var call = StageCall(.endOfHeader)
    call.reference = UInt64(message.fields.count)
    ask(call, context)
    parts(context)
    body(context)
    call = StageCall(.endOfMessage)
    call.reference = UInt64(script.body.count)
    ask(call, context)
    message.stageEnded()
  }

  private func shownFields() -> [(UInt64, [UInt8], [UInt8])] {
    (0..<message.fields.count).map { message.fields.withField($0) { ($0, Array($1), Array($2)) } }
  }

  private func parts(_ context: StageContext) {
    guard !wanted.isDisjoint(with: .parts) else { return }
    let walk = PartWalk(message, isDecoded: instance.component.facts.wantsDecodedHeaders)
    while !isOver, let step = walk.next(wanted) {
      var call = StageCall(step.event)
      call.name = step.name
      call.value = step.value
      call.parameters = step.parameters.map { StageCall.Parameter($0.key, $0.value) }
      call.reference = step.reference
      call.flags = (step.isNested ? UInt32(WEIR_F_NESTED) : 0) | (step.isLast ? UInt32(WEIR_F_LAST) : 0)
      ask(call, context, part: step.part)
    }
  }

  private func body(_ context: StageContext) {
    var offset = 0
    while offset < script.body.count {
      let end = min(script.body.count, offset + Self.maximumPiece)
      let cut = end == script.body.count ? end : (script.body[offset..<end].lastIndex(of: 0x0a).map { $0 + 1 } ?? end)
      var call = StageCall(.body)
      call.value = Array(script.body[offset..<cut])
      call.reference = UInt64(offset)
      call.flags = cut == script.body.count ? UInt32(WEIR_F_LAST) : 0
      ask(call, context)
      offset = cut
    }
  }

  private func end(_ context: StageContext) {
    isOver = false
    if refusal != nil {
      if hasBegunMessage { ask(StageCall(.abort, value: "refused"), context) }
    } else {
      var call = StageCall(.queued, name: "REHEARSAL")
      call.reference = UInt64(script.header.count + script.body.count + 1)
      ask(call, context)
    }
    context.endScope(.message)
    ask(StageCall(.close, value: "quit"), context)
    write(refusal ?? "accepted")
    if message.fields.isChanged { write("header now:\n" + String(decoding: message.fields.rendered(), as: UTF8.self)) }
  }

  // MARK: Asking

  /// `isAlone`: a refusal is of this one recipient, unless there is no other.
  private func ask(_ call: StageCall, _ context: StageContext, isAlone: Bool = false, part: UInt32 = 0) {
    guard !isOver, wanted.has(call.event) else { return }
    write("\(call.event.name)\(part == 0 ? "" : " #\(part)")\(Self.describe(call))")
    context.event = call.event
    let budget = UInt32(clamping: Int(script.timeout / .milliseconds(1)))
    var raw = call.with { event in
      var event = event.pointee
      event.part = part
      return context.call(&event, budget: budget)
    }
    if raw == StageVerdict.pending.rawValue {
      write("  ... pending")
      raw = wait(context) ?? StageVerdict.pending.rawValue
    }
    context.close()
    let answer = StageAnswer(raw, at: call.event, context)
    settle(answer, timedOut: raw == StageVerdict.pending.rawValue, at: call.event, isAlone: isAlone && script.recipients.count > 1)
    serve(context)
  }

  private func settle(_ answer: StageAnswer, timedOut: Bool, at event: StageEvent, isAlone: Bool) {
    var failure = timedOut ? "did not answer in time" : answer.failure?.description
    for edit in answer.edits {
      let isDone = apply(edit)
      if !isDone, failure == nil { failure = StageFailure.badEdit.description }
      write("  edit   \(edit.summary)\(isDone ? "" : ": cannot be done")")
    }
    let reply = answer.reply.map { "\($0.code) \($0.status) \($0.lines.joined(separator: "\n"))" }
    if let reply { write("  reply  \(reply)") }
    if let failure {
      write("  -> FAILED: \(failure); on_failure decides")
      return refuse("failed at \(event.name): \(failure)")
    }
    guard event.asks else { return }
    write("  -> \(answer.verdict.word)\(answer.closes ? " and close" : "")")
    switch answer.verdict {
    case .goOn, .pending, .fail: break
    case .done: wanted.subtract(event.isOfSession ? .all : .message)
    case .skip: wanted.subtract(event.bit)
    case .reject, .tempfail: if !isAlone { refuse("refused at \(event.name): \(reply ?? answer.verdict.word)") }
    case .discard: refuse("discarded at \(event.name)")
    }
  }

  private func refuse(_ text: String) {
    refusal = text
    isOver = true
  }

  private func apply(_ edit: StageEdit) -> Bool {
    guard case .property(.session, let key, let value) = edit else { return message.apply(edit) }
    sessionProperties[key] = value
    return true
  }

  private static func describe(_ call: StageCall) -> String {
    let name = text(call.name)
    switch call.event {
    case .header, .partHeader: return " \(name): \(text(call.value))"
    case .body, .partBody: return " \(call.value.count) bytes from \(call.reference)"
    case .endOfHeader: return " \(call.reference) fields"
    case .endOfMessage: return " \(call.reference) bytes of body"
    default: return (name.isEmpty ? "" : " \(name)") + (call.value.isEmpty ? "" : " \(text(call.value))")
    }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix(400), as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  // MARK: Waiting

  /// The verdict that complete() gives; nil if nothing comes in time.
  private func wait(_ context: StageContext) -> Int32? {
    let deadline = Instant.now() + script.timeout
    while completed == nil {
      serve(context)
      if completed == nil, let post = posts.next(within: deadline - Instant.now()) { post(context) } else if completed == nil { return nil }
    }
    defer { completed = nil }
    return completed
  }

  /// Ends what has been started, and what that starts.
  private func serve(_ context: StageContext) {
    while !started.isEmpty {
      let request = started.removeFirst()
      if let work = request.offloaded { work(request.user) }
      let answer = answer(request)
      write("  asked  \(request.work.words): \(answer.words)")
      context.finished(request, answer)
    }
  }

  private func answer(_ request: StageRequest) -> StageRequest.Answer {
    let key: String
    switch request.work {
    case .timer, .offload: return .ok
    case .names(let name, _): key = name
    case .lookUp(_, let bytes): key = String(decoding: bytes, as: UTF8.self)
    }
    guard let found = script.answers[key.lowercased()] else { return .failed(Status.notFound) }
    return .items(found.map { ("", Array($0.utf8)) }, isSecure: false, ttl: 60)
  }
}

extension Rehearsal: StageEnvironment {
  package func property(_ key: String) -> [UInt8]? {
    if let set = message.properties[key] ?? sessionProperties[key] { return set }
    switch key {
    case "client.addr": return Array(script.client.utf8)
    case "client.name": return Array(script.clientName.utf8)
    case "helo": return Array(script.helo.utf8)
    case "sender": return hasBegunMessage ? Array(script.sender.utf8) : nil
    case "protocol": return Array("ESMTP".utf8)
    case "rcpt.count": return hasBegunMessage ? Array("\(script.recipients.count)".utf8) : nil
    default: return nil
    }
  }

  package func properties(withPrefix prefix: String) -> [StageCall.Parameter] {
    Set(sessionProperties.keys).union(message.propertyOrder).filter { $0.hasPrefix(prefix) }.sorted()
      .compactMap { key in property(key).map { StageCall.Parameter(key, $0) } }
  }

  package var fields: HeaderFields? { message.hasContent ? message.fields : nil }

  package func content(from offset: UInt64) -> UnsafeRawBufferPointer? { message.hasContent ? message.content(from: offset) : nil }

  package func start(_ request: StageRequest, for context: StageContext) -> Bool {
    started.append(request)
    return true
  }

  package func completed(_ context: StageContext, _ verdict: Int32) { completed = verdict }
}

/// Takes what the plugin's own threads post.
package final class RehearsalPosts: PostOffice {
  package typealias Post = (StageContext?) -> Void

  private struct State: Sendable {
    var posts: [@Sendable (StageContext?) -> Void] = []
    var isClosed = false
  }

  private let state = Monitor(State())

  package init() {}

  package func post(_ id: UInt64, instance: ComponentInstance, _ body: @escaping @Sendable (StageContext?) -> Void) -> Bool {
    state.withLock { state in
      guard !state.isClosed, id != 0 else { return false }
      state.posts.append { context in body(context.flatMap { $0.isPending(id) ? $0 : nil }) }
      return true
    }
  }

  func close() { state.withLock { $0.isClosed = true } }

  /// Waits for one, by looking again: nothing here is in a hurry.
  func next(within time: Duration) -> Post? {
    let deadline = Instant.now() + time
    while true {
      if let post = state.withLock({ $0.posts.isEmpty ? nil : $0.posts.removeFirst() }) { return post }
      if Instant.now() >= deadline { return nil }
      Thread.sleep(.milliseconds(1))
    }
  }
}

extension StageRequest.Work {
  fileprivate var words: String {
    switch self {
    case .timer(let milliseconds): "a timer of \(milliseconds) ms"
    case .names(let name, let type): "the DNS for \(name), type \(type)"
    case .lookUp(let table, let key): "\(table) for \(String(decoding: key, as: UTF8.self))"
    case .offload: "a thread"
    }
  }
}

extension StageRequest.Answer {
  fileprivate var words: String {
    switch self {
    case .ok: "done"
    case .items(let items, _, _): items.map { String(decoding: $0.value, as: UTF8.self) }.joined(separator: ", ")
    case .failed(let status): status == Status.notFound ? "not found" : "status \(status)"
    }
  }
}
