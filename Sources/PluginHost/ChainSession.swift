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
  let chain: StageChain
  let loop: EventLoop
  let names: any NameService
  /// What the session itself knows: "client.addr" and so on.
  let facts: (String) -> String?
  var seats: [StageSeat]
  private let home: StageHome
  private let spares: SpareSeats?
  var slot = -1
  var sessionProperties: [String: [UInt8]] = [:]
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
  /// It had nothing to say, and there is no more to tell than how long it took.
  var wasQuiet = false

  static let maximumProperties = 1000

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
  func take(_ answer: StageAnswer, from seat: StageSeat, at event: StageEvent) -> StageStep? {
    if let failure = answer.failure { return failed(failure, seat, at: event) }
    if seat.stage.settings.isShadow {
      tellShadow(answer.verdict, answer.reply, answer.edits, seat.stage, event)
      return nil
    }
    guard apply(answer.edits, of: seat.stage) else { return failed(.badEdit, seat, at: event) }
    return decide(answer.verdict, closes: answer.closes, answer.reply, seat, at: event)
  }

  func decide(_ verdict: StageVerdict, closes: Bool, _ reply: StageReply?, _ seat: StageSeat, at event: StageEvent) -> StageStep? {
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

  func failed(_ failure: StageFailure, _ seat: StageSeat, at event: StageEvent) -> StageStep? {
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

  func apply(_ edits: [StageEdit], of stage: Stage) -> Bool {
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
}
