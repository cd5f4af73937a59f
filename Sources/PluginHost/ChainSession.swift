// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Pipeline
import Runtime

/// What the stages together say to an event.
package enum StageStep: Equatable, Sendable {
  case goOn
  /// `by`: the stage.
  case refuse(StageReply, closes: Bool, by: String)
  /// The client is told that all is well, and nothing is delivered.
  case discard(by: String)
}

/// All stages of a listener in one session. On the loop's thread.
///
/// An event goes to each stage in order; the first that refuses ends it. The content goes to one stage after the other, whole, so that each sees the
/// message as those before it have left it.
package final class ChainSession {
  private let chain: StageChain
  private let loop: EventLoop
  private let names: any NameService
  /// What the session itself knows: "client.addr" and so on.
  private let facts: (String) -> String?
  private var seats: [StageSeat]
  private let home: StageHome
  private let spares: SpareSeats?
  private var slot = -1
  private var sessionProperties: [String: [UInt8]] = [:]
  /// on_failure = hold at an event of the session: all its messages.
  private var holdReason: String?
  package private(set) var message: StagedMessage?
  /// Told of what each stage answers; nil where nobody wants to know.
  package var observer: ((StageTrace) -> Void)?
  /// Whether it is told of those that let a message pass, too, and of how the message reads before and after each.
  package var observesAll = false
  /// Else these are here, with their microseconds.
  package var passed: [(stage: Stage, microseconds: Int64)] = []
  /// When the stage that is asked began with the message.
  var mark = Instant.distantPast

  private static let maximumProperties = 1000

  /// `spares`: where to take seats from, and to leave them for others. It is for one chain on one loop.
  package init(_ chain: StageChain, on loop: EventLoop, names: any NameService, spares: SpareSeats? = nil, facts: @escaping (String) -> String?) {
    self.chain = chain
    self.loop = loop
    self.names = names
    self.spares = spares
    self.facts = facts
    (home, seats) = spares?.take() ?? (StageHome(), [])
    home.environment = self
    let place = chain.registry.register(self, on: loop)
    slot = place.slot
    home.tickets.start(after: place.base)
    if seats.isEmpty { seats = chain.stages.map { StageSeat.make($0, loop: loop, owner: self, in: home) } }
  }

  // MARK: Commands

  package func wants(_ event: StageEvent) -> Bool { chain.events.has(event) }

  package var wantsContent: Bool { chain.wantsContent && seats.contains { $0.wantsContent } }

  package func connected(host: String, address: String, port: UInt16) async -> StageStep {
    var call = StageCall(.connect, name: host, value: address)
    call.reference = UInt64(port)
    return await ask(call)
  }

  package func helo(_ verb: String, _ name: String) async -> StageStep { await ask(StageCall(.helo, name: verb, value: name)) }

  package func tlsStarted(version: String, cipher: String, bits: Int) async -> StageStep {
    var call = StageCall(.tls, name: version, value: cipher)
    call.reference = UInt64(clamping: bits)
    return await ask(call)
  }

  /// For a message of whose MAIL no stage wants to hear.
  package func beginMessage() {
    messageEnded()
    let message = StagedMessage()
    message.envelope.holdReason = holdReason
    self.message = message
    lookAtConditions()
  }

  private func lookAtConditions() {
    guard chain.hasConditions else { return }
    for seat in seats { seat.applies = applies(seat.stage) }
  }

  package func mail(_ sender: String, parameters: [(key: String, value: [UInt8])]) async -> StageStep {
    beginMessage()
    var call = StageCall(.mail, value: sender)
    call.parameters = parameters.map { StageCall.Parameter($0.key, $0.value) }
    return await ask(call)
  }

  /// Answers the address in whose place another was put, too.
  package func recipient(_ address: String, parameters: [(key: String, value: [UInt8])], isRejected: Bool) async -> (StageStep, rewritten: String?) {
    var call = StageCall(.rcpt, value: address)
    call.parameters = parameters.map { StageCall.Parameter($0.key, $0.value) }
    call.flags = isRejected ? 1 : 0
    let step = await ask(call)
    defer { message?.rewrittenRecipient = nil }
    return (step, message?.rewrittenRecipient)
  }

  package func data(_ verb: String, recipients: Int) async -> StageStep {
    var call = StageCall(.data, name: verb)
    call.reference = UInt64(clamping: recipients)
    return await ask(call)
  }

  // MARK: Reports

  /// The message has been queued under this id, or with nil refused.
  package func ended(_ id: String?, size: Int) {
    guard let id, message != nil else { return aborted("the message was not taken") }
    defer { messageEnded() }
    guard wants(.queued) else { return }
    var call = StageCall(.queued, name: id)
    call.reference = UInt64(clamping: size)
    tell(call) { _ in true }
  }

  /// The message that was begun came to nothing.
  package func aborted(_ reason: String) {
    guard message != nil else { return }
    tell(StageCall(.abort, value: reason)) { $0.hasSeenMessage }
    messageEnded()
  }

  package func closed(_ reason: String) {
    aborted(reason)
    tell(StageCall(.close, value: reason)) { _ in true }
    end()
  }

  /// An attempt to deliver has ended. This is all that there is in such a session.
  package func delivered(to recipient: String, reply: String, parameters: [(key: String, value: [UInt8])]) {
    var call = StageCall(.delivery, name: recipient, value: reply)
    call.parameters = parameters.map(StageCall.Parameter.init)
    tell(call) { _ in true }
    end()
  }

  private func end() {
    for seat in seats { seat.sessionEnded() }
    chain.registry.unregister(slot, lastTicket: home.tickets.current)
    slot = -1
    guard let spares, seats.allSatisfy({ $0.renew() }) else { return }
    spares.leave(home, seats)
    seats = []
  }

  private func tell(_ call: StageCall, to chosen: (StageSeat) -> Bool) {
    guard wants(call.event) else { return }
    for seat in seats where seat.stage.events.has(call.event) && seat.applies && chosen(seat) { seat.tell(call) }
  }

  private func messageEnded() {
    guard message != nil else { return }
    message = nil
    for seat in seats { seat.messageEnded() }
  }

  // MARK: Asking

  private func ask(_ call: StageCall) async -> StageStep {
    let isMoment = call.event.isOfSession || call.event == .mail
    guard wants(call.event) else { return .goOn }
    for seat in seats {
      // Anew for each stage: those before it may have set the property.
      if chain.hasConditions, isMoment { seat.applies = applies(seat.stage) }
      guard seat.wants(call.event) else { continue }
      if !call.event.isOfSession { seat.hasSeenMessage = true }
      let began = observer == nil ? nil : Instant.now()
      let answer = await seat.ask(call)
      if let began { observe(answer, seat, at: call.event, since: began) }
      if let step = take(answer, from: seat, at: call.event) { return step }
    }
    return .goOn
  }

  private func applies(_ stage: Stage) -> Bool {
    if stage.settings.condition.terms.isEmpty { return true }
    return stage.settings.condition.holds { key in property(key).map { String(decoding: $0, as: UTF8.self) } }
  }

  /// Nil: the next stage.
  private func take(_ answer: StageAnswer, from seat: StageSeat, at event: StageEvent) -> StageStep? {
    if let failure = answer.failure { return failed(failure, seat, at: event) }
    if seat.stage.settings.isShadow {
      tellShadow(answer.verdict, answer.reply, answer.edits, seat.stage, event)
      return nil
    }
    guard apply(answer.edits, of: seat.stage) else { return failed(.badEdit, seat, at: event) }
    return decide(answer.verdict, closes: answer.closes, answer.reply, seat, at: event)
  }

  private func decide(_ verdict: StageVerdict, closes: Bool, _ reply: StageReply?, _ seat: StageSeat, at event: StageEvent) -> StageStep? {
    let stage = seat.stage
    switch verdict {
    case .goOn, .pending, .fail: return nil
    case .done:
      if event.isOfSession { seat.doneWithSession() } else { seat.isDoneWithMessage = true }
      return nil
    case .skip:
      if event == .rcpt { seat.isSkippingRecipients = true }
      return nil
    case .reject:
      stage.counters.rejects.count()
      return .refuse(reply.flatMap { $0.code >= 500 ? $0 : nil } ?? Self.rejected, closes: closes, by: stage.settings.name)
    case .tempfail:
      stage.counters.tempfails.count()
      return .refuse(reply.flatMap { $0.code < 500 ? $0 : nil } ?? Self.unavailable, closes: closes, by: stage.settings.name)
    case .discard:
      stage.counters.discards.count()
      return .discard(by: stage.settings.name)
    }
  }

  private static let rejected = StageReply(code: 550, status: "5.7.1", lines: ["Command rejected"])
  private static let unavailable = StageReply(code: 451, status: "4.7.1", lines: ["Service unavailable - try again later"])

  private func failed(_ failure: StageFailure, _ seat: StageSeat, at event: StageEvent) -> StageStep? {
    seat.stage.failed(failure, at: event)
    if seat.stage.settings.isShadow { return nil }
    switch seat.stage.settings.onFailure {
    case .tempfail: return .refuse(Self.unavailable, closes: false, by: seat.stage.settings.name)
    case .reject: return .refuse(Self.rejected, closes: false, by: seat.stage.settings.name)
    case .continue: if !event.isOfSession { seat.isDoneWithMessage = true }
    case .hold:
      let reason = "stage \(seat.stage.settings.name) \(failure)"
      if event.isOfSession { holdReason = reason } else { seat.isDoneWithMessage = true }
      message?.envelope.holdReason = reason
    }
    return nil
  }

  private func apply(_ edits: [StageEdit], of stage: Stage) -> Bool {
    for edit in edits {
      stage.counters.edits.count()
      if case .property(.session, let key, let value) = edit {
        guard sessionProperties[key] != nil || sessionProperties.count < Self.maximumProperties else { return false }
        sessionProperties[key] = value
      } else if let message {
        guard message.apply(edit) else { return false }
      } else if case .property(_, let key, let value) = edit {
        sessionProperties[key] = value
      } else {
        return false
      }
    }
    return true
  }

  // MARK: Content

  package func content(header: [UInt8], body: any SteadyBytes, pool: BlockingPool?) async -> StageStep {
    await content(HeaderFields(header), body: body, pool: pool)
  }

  /// From the header to the verdict on the whole. `pool`: where to look through content that is too big for the loop.
  package func content(_ fields: HeaderFields, body: any SteadyBytes, pool: BlockingPool?) async -> StageStep {
    guard let message else { return .goOn }
    message.setContent(fields, body: body)
    removeForgeries(message)
    var began = Instant.now()
    for seat in seats where seat.wantsContent {
      if observer != nil { mark = began }
      let step = await content(message, seat, pool)
      let now = Instant.now()
      seat.stage.counters.note(from: began, to: now)
      began = now
      if let step { return step }
    }
    addResults(message)
    return .goOn
  }

  private func content(_ message: StagedMessage, _ seat: StageSeat, _ pool: BlockingPool?) async -> StageStep? {
    seat.hasSeenMessage = true
    let isShadow = seat.stage.settings.isShadow
    let watch = observer == nil ? nil : ContentWatch(message, self)
    if !isShadow, pool == nil, let (stop, edits) = seat.readAtOnce(message) {
      if let watch { observe(stop, edits, message, seat, watch) }
      if case .finished(.goOn, _, _) = stop, edits.isEmpty { return nil }
      return contentEnded(stop, edits, message, seat)
    }
    let (stop, edits) = await seat.read(message, shadow: isShadow, usesPool: pool)
    if let watch { observe(stop, edits, message, seat, watch) }
    if isShadow, case .finished(let verdict, _, let reply) = stop {
      seat.stage.counters.edits.wrappingAdd(edits.count, ordering: .relaxed)
      tellShadow(verdict, reply, edits, seat.stage, seat.event)
      return nil
    }
    return contentEnded(stop, edits, message, seat)
  }

  private func contentEnded(_ stop: ContentRunner.Stop, _ edits: [StageEdit], _ message: StagedMessage, _ seat: StageSeat) -> StageStep? {
    seat.stage.counters.edits.wrappingAdd(edits.count, ordering: .relaxed)
    switch stop {
    case .pending: return failed(.timedOut(milliseconds: seat.stage.settings.timeout), seat, at: .endOfMessage)
    case .failed(let failure): return failed(failure, seat, at: seat.event)
    case .finished(let verdict, let closes, let reply):
      message.stageEnded()
      keepSessionProperties(edits)
      return decide(verdict, closes: closes, reply, seat, at: .endOfMessage)
    }
  }

  /// The rest of them went to the message as they were made.
  private func keepSessionProperties(_ edits: [StageEdit]) {
    for case .property(.session, let key, let value) in edits where sessionProperties[key] != nil || sessionProperties.count < Self.maximumProperties
    {
      sessionProperties[key] = value
    }
  }

  private func tellShadow(_ verdict: StageVerdict, _ reply: StageReply?, _ edits: [StageEdit], _ stage: Stage, _ event: StageEvent) {
    let edits = edits.filter { !$0.isReason }
    guard verdict.refuses || !edits.isEmpty else { return }
    var parts = edits.map(\.summary)
    if verdict.refuses {
      parts.append("\(verdict)".uppercased() + (reply.map { " \($0.code) \($0.status) \($0.lines.joined(separator: " "))" } ?? ""))
    }
    stage.log(
      .info, "shadow: at \(event.name) would have \(parts.joined(separator: ", "))", property("queue.id").map { String(decoding: $0, as: UTF8.self) })
  }

  /// Authentication-Results that come in under our name.
  private func removeForgeries(_ message: StagedMessage) {
    let forged = message.fields.references { name, value in
      name.count == 22 && name.equalsIgnoringCase("AUTHENTICATION-RESULTS") && AuthenticationResults.isOurs(value, authservID: chain.authservID)
    }
    for reference in forged { _ = message.apply(.header(.delete, reference: reference, name: [], value: [])) }
  }

  private func addResults(_ message: StagedMessage) {
    if message.propertyOrder.isEmpty, sessionProperties.isEmpty { return }
    let results = message.propertyOrder.compactMap { key in
      key.hasPrefix(AuthenticationResults.prefix)
        ? message.properties[key].map { (method: String(key.dropFirst(AuthenticationResults.prefix.count)), result: $0) } : nil
    }
    let ofSession = sessionProperties.keys.filter { $0.hasPrefix(AuthenticationResults.prefix) && message.properties[$0] == nil }.sorted()
    let all = results + ofSession.compactMap { key in sessionProperties[key].map { (String(key.dropFirst(AuthenticationResults.prefix.count)), $0) } }
    guard let value = AuthenticationResults.value(authservID: chain.authservID, all) else { return }
    _ = message.apply(.header(.prepend, reference: 0, name: Array("Authentication-Results".utf8), value: value))
  }
}

// MARK: - What callbacks ask for

extension ChainSession: StageEnvironment {
  package func property(_ key: String) -> [UInt8]? {
    message?.properties[key] ?? sessionProperties[key] ?? facts(key).map { Array($0.utf8) }
  }

  package func properties(withPrefix prefix: String) -> [StageCall.Parameter] {
    if sessionProperties.isEmpty, message?.propertyOrder.isEmpty ?? true { return [] }
    let keys = Set(sessionProperties.keys).union(message?.propertyOrder ?? []).filter { $0.hasPrefix(prefix) }
    return keys.sorted().compactMap { key in property(key).map { StageCall.Parameter(key, $0) } }
  }

  package var fields: HeaderFields? { message.flatMap { $0.hasContent ? $0.fields : nil } }

  package func content(from offset: UInt64) -> UnsafeRawBufferPointer? { message.flatMap { $0.hasContent ? $0.content(from: offset) : nil } }

  package func completed(_ context: StageContext, _ verdict: Int32) { seat(of: context)?.completed(verdict) }

  private func seat(of context: StageContext) -> LocalSeat? {
    for case let seat as LocalSeat in seats where seat.context === context { return seat }
    return nil
  }

  /// May be called on the thread of a blocking call.
  package func start(_ request: StageRequest, for context: StageContext) -> Bool {
    nonisolated(unsafe) let session = self
    nonisolated(unsafe) let request = request
    nonisolated(unsafe) let context = context
    if case .offload = request.work {
      request.isRunning = true
      guard let work = request.offloaded else { return false }
      let user = Borrowed(request.user)
      let loop = loop
      return chain.offloads.submit {
        work(user.pointer)
        loop.spawn { session.ended(request, .ok, for: context) }
      }
    }
    if case .timer(let milliseconds) = request.work {
      loop.spawn { session.arm(request, for: context, after: milliseconds) }
      return true
    }
    loop.spawn {
      let answer = await session.perform(request.work)
      session.ended(request, answer, for: context)
    }
    return true
  }

  /// No task waits for a timer: a session may end long before it is due.
  private func arm(_ request: StageRequest, for context: StageContext, after milliseconds: UInt32) {
    if request.isCancelled { return }
    let timer = loop.timer { self.ended(request, .ok, for: context) }
    request.stop = { [loop] in loop.remove(timer) }
    loop.arm(timer, at: Instant.now() + .milliseconds(Int(milliseconds)))
  }

  func perform(_ work: StageRequest.Work) async -> StageRequest.Answer {
    switch work {
    case .timer(let milliseconds):
      await loop.sleep(until: Instant.now() + .milliseconds(Int(milliseconds)))
      return .ok
    case .names(let name, let type): return await names.answer(name, type: type)
    case .lookUp(let table, let key): return await chain.lookUp(table, key)
    case .offload: return .ok
    }
  }

  private func ended(_ request: StageRequest, _ answer: StageRequest.Answer, for context: StageContext) {
    guard let seat = seat(of: context) else { return context.finished(request, answer) }
    seat.ended(request, answer)
  }
}

extension ChainSession: SeatOwner {
  func late(_ edits: [StageEdit], misbehaved: Bool, from seat: StageSeat) {
    guard slot >= 0, !seat.stage.settings.isShadow else { return }
    if misbehaved || !apply(edits, of: seat.stage) { seat.stage.failed(.denied, at: seat.event) }
  }
}

extension ChainSession: PostTarget {
  func deliver(_ id: UInt64, _ instance: ComponentInstance, _ body: @escaping (StageContext?) -> Void) {
    for case let seat as LocalSeat in seats where seat.context.instance === instance && slot >= 0 { return seat.deliver(id, body) }
    body(nil)
  }
}

extension NameService {
  /// As weir.h describes: key = preference or "", value = the data of the record as text.
  fileprivate func answer(_ name: String, type: UInt32) async -> StageRequest.Answer {
    guard let type = UInt16(exactly: type).flatMap(RecordType.init(rawValue:)), let query = NameQuery(name, type) else {
      return .failed(Status.unsupported)
    }
    switch await fullAnswer(query, within: nil) {
    case .success(let answer):
      return .items(answer.records.map(\.item), isSecure: answer.isSecure, ttl: UInt32(clamping: answer.timeToLive ?? 0))
    case .failure(.notFound): return .failed(Status.notFound)
    case .failure(.temporary): return .failed(Status.temporary)
    case .failure(.unsupported): return .failed(Status.unsupported)
    }
  }
}

extension NameQuery {
  fileprivate init?(_ name: String, _ type: RecordType) {
    switch type {
    case .a: self = .a(name)
    case .aaaa: self = .aaaa(name)
    case .mx: self = .mx(name)
    case .txt: self = .txt(name)
    case .ns: self = .ns(name)
    case .soa: self = .soa(name)
    case .tlsa: self = .tlsa(name)
    case .ptr:
      guard let address = IPAddress(reverseName: name) else { return nil }
      self = .ptr(address)
    }
  }
}

extension NameRecord {
  fileprivate var item: (key: String, value: [UInt8]) {
    switch self {
    case .address(let address): ("", Array("\(address)".utf8))
    case .exchanger(let preference, let host): ("\(preference)", Array(host.utf8))
    case .pointer(let name), .server(let name): ("", Array(name.utf8))
    case .text(let bytes): ("", bytes)
    case .authority(let server, let contact, let serial): ("", Array("\(server) \(contact) \(serial)".utf8))
    case .certificate(let usage, let selector, let matching, let data): ("", Array("\(usage) \(selector) \(matching) \(data.hexadecimal)".utf8))
    }
  }
}

extension [UInt8] {
  fileprivate var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
