// SPDX-License-Identifier: Apache-2.0
import Bytes
import Pipeline
import Runtime

/// A seat whose component is in a worker. What comes back is checked as the component's own calls would have been: the worker may lie.
final class WorkerSeat: StageSeat {
  private let desk: WorkerDesk
  /// Nil for a table. Its environment is the session that has the seat now: others had it before.
  private let home: StageHome?
  private var owner: (any SeatOwner)? { home?.environment as? any SeatOwner }
  private var session: UInt64 = 0
  /// The connection to the process that knows this session.
  private(set) weak var link: WorkerLink?
  private var lastEvent = StageEvent.connect
  /// What the component was asked in this session and message, so that another process can be told.
  private var record: [HostFrame.Call] = []
  private var isInMessage = false
  private var openRequests = 0

  private static let maximumRecord = 300
  private static let maximumRequests = 1000

  init(_ stage: Stage, _ core: WorkerCore, loop: EventLoop, in home: StageHome?) {
    desk = core.desk(for: loop)
    self.home = home
    super.init(stage, loop: loop)
  }

  override var event: StageEvent { lastEvent }

  private var component: ComponentFacts { stage.component }

  // MARK: Sent ahead

  /// The properties that the component may ask for.
  private var ahead: [StageCall.Parameter] {
    guard let owner else { return [] }
    let declared = desk.core.properties.compactMap { key in owner.property(key).map { StageCall.Parameter(key, $0) } }
    return declared + owner.properties(withPrefix: "\(component.name).")
  }

  /// Makes the process of `link` the one that knows this session. What another knew is told again; a crash while it is speaks against the call `number`.
  func move(to link: WorkerLink, number: UInt64) {
    if session == 0 { session = desk.add(self) }
    guard self.link !== link else { return }
    if let old = self.link, old.isOpen { old.send(.sessionEnded(session: session)) }
    self.link = link
    for var call in record {
      call.number = number
      call.session = session
      call.isReplay = true
      link.send(.call(call))
    }
  }

  private func remember(_ call: HostFrame.Call) {
    if record.count < Self.maximumRecord { record.append(call) }
  }

  // MARK: Asking

  /// A look-up in a table, which knows no sessions: a frame out, one back.
  func lookUp(_ key: [UInt8]) async -> Result<StageOutcome, StageFailure> {
    stage.counters.calls.count()
    let began = Instant.now()
    var call = StageCall(.connect)
    call.value = key
    var frame = HostFrame.Call(number: 0, session: 0, call)
    let asked = OutCall(self, .connect) { [self] number in
      frame.number = number
      frame.session = session
      return (.call(frame), -1)
    }
    let result = await desk.perform(asked)
    note(since: began)
    return result
  }

  override func ask(_ call: StageCall) async -> StageAnswer {
    stage.counters.calls.count()
    let began = Instant.now()
    lastEvent = call.event
    if !call.event.isOfSession { isInMessage = true }
    var frame = HostFrame.Call(number: 0, session: 0, call)
    frame.properties = ahead
    let asked = OutCall(self, call.event) { [self] number in
      frame.number = number
      frame.session = session
      return (.call(frame), -1)
    }
    let result = await desk.perform(asked)
    note(since: began)
    switch result {
    case .failure(let failure): return StageAnswer(failure: failure)
    case .success(let outcome):
      remember(frame)
      return answer(outcome, at: call.event)
    }
  }

  private func answer(_ outcome: StageOutcome, at event: StageEvent) -> StageAnswer {
    if let failure = failure(outcome) { return StageAnswer(failure: failure) }
    guard may(outcome.edits, at: event) else { return denied() }
    return StageAnswer(outcome.verdict, at: event, rights: component.rights, edits: outcome.edits, reply: outcome.reply)
  }

  private func denied() -> StageAnswer {
    stage.counters.denied.count()
    return StageAnswer(failure: .denied)
  }

  private func failure(_ outcome: StageOutcome) -> StageFailure? {
    switch outcome.failure {
    case .badVerdict(let raw): .badVerdict(raw)
    case .denied: .denied
    case .badEdit: .badEdit
    case .reported: .reported
    case .timedOut: .timedOut(milliseconds: stage.settings.timeout)
    case .stuck: .stuck
    case nil: outcome.verdict == StageVerdict.pending.rawValue ? .badVerdict(outcome.verdict) : nil
    }
  }

  private func may(_ edits: [StageEdit], at event: StageEvent) -> Bool {
    edits.allSatisfy { edit in
      guard edit.isAllowed(at: event), StageRights.needed(for: edit).map(component.rights.contains) ?? true else { return false }
      guard case .property(_, let key, let value) = edit else { return true }
      return StageEdit.maySet(key, component: component.name) && value.count <= Self.maximumProperty
    }
  }

  private static let maximumProperty = 64 * 1024

  override func tell(_ call: StageCall) {
    stage.counters.calls.count()
    lastEvent = call.event
    guard let link = linkForReport() else { return }
    let number = desk.nextNumber()
    move(to: link, number: number)
    var frame = HostFrame.Call(number: number, session: session, call)
    frame.properties = ahead
    link.send(.call(frame))
    link.watchReport()
  }

  /// Who knows the session, or another who is told of it; one that is stuck is better than none.
  private func linkForReport() -> WorkerLink? {
    if let link, link.isUsable { return link }
    return desk.linkForReport() ?? link.flatMap { $0.isOpen ? $0 : nil }
  }

  override func messageEnded() {
    super.messageEnded()
    record.removeAll { !$0.call.event.isOfSession }
    if isInMessage, let link, link.isOpen { link.send(.messageEnded(session: session)) }
    isInMessage = false
  }

  override func sessionEnded() {
    record = []
    if let link, link.isOpen { link.send(.sessionEnded(session: session)) }
    link = nil
    desk.remove(session)
    session = 0
  }

  override func renew() -> Bool {
    guard openRequests == 0, super.renew() else { return false }
    (lastEvent, isInMessage) = (.connect, false)
    return true
  }

  // MARK: Content

  override func read(_ message: StagedMessage, shadow: Bool, usesPool: BlockingPool?) async -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    stage.counters.messages.count()
    stage.counters.calls.count()
    lastEvent = .header
    let isLast = stage.events.isSubset(of: .content)
    if !isLast { isInMessage = true }
    let ahead = ahead
    let asked = OutCall(self, .endOfMessage) { [self] number in
      var frame = HostFrame.Content(number: number, session: session)
      frame.properties = ahead
      frame.isLast = isLast
      return content(message, &frame)
    }
    let result = await desk.perform(asked)
    switch result {
    case .failure(let failure): return (.failed(failure), [])
    case .success(let outcome): return take(outcome, message, shadow)
    }
  }

  private func content(_ message: StagedMessage, _ frame: inout HostFrame.Content) -> (frame: HostFrame, descriptor: Int32)? {
    let header = message.fields.rendered()
    frame.references = message.fields.references
    frame.nextReference = message.fields.nextReference
    frame.added = message.fields.added
    frame.bodySize = UInt64(message.body.count)
    frame.hasBody =
      (stage.events.has(.body) || !stage.events.isDisjoint(with: .parts) || component.rights.contains(.content)) && !message.body.isEmpty
    let isInline = header.count <= HostFrame.maximumInlineHeader && frame.references.count <= 1000
    if isInline { frame.header = header } else { frame.headerInMemory = header.count }
    if isInline, !frame.hasBody { return (.content(frame), -1) }
    let body = frame.hasBody ? message.body : UnsafeRawBufferPointer(start: nil, count: 0)
    let made = (isInline ? [] : header).withUnsafeBytes { header in
      Result { () throws(SystemError) in try SealedMemory.make("weir-message", header, body) }
    }
    guard case .success(let descriptor) = made else { return nil }
    return (.content(frame), descriptor)
  }

  private func take(_ outcome: StageOutcome, _ message: StagedMessage, _ shadow: Bool) -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    lastEvent = outcome.event
    if let failure = failure(outcome) { return (.failed(failure), []) }
    guard StageEvents.content.has(outcome.event), may(outcome.edits, at: .endOfMessage) else { return (.failed(denied().failure ?? .denied), []) }
    let answer = StageAnswer(outcome.verdict, at: outcome.event, rights: component.rights, edits: [], reply: outcome.reply)
    if let failure = answer.failure { return (.failed(failure), []) }
    var edits: [StageEdit] = []
    for edit in outcome.edits {
      edits.append(message.named(edit))
      if !shadow, !message.apply(edit) { return (.failed(.badEdit), []) }
    }
    return (.finished(answer.verdict, closes: answer.closes, answer.reply), edits)
  }

  // MARK: What the worker asks for by itself

  func late(_ edits: [StageEdit], misbehaved: Bool) {
    let isGood = may(edits, at: lastEvent)
    owner?.late(isGood ? edits : [], misbehaved: misbehaved || !isGood, from: self)
  }

  func perform(_ work: WorkerFrame.Work) async -> StageRequestAnswer {
    guard openRequests < Self.maximumRequests, let owner else { return .failed(Status.temporary) }
    openRequests += 1
    defer { openRequests -= 1 }
    switch work {
    case .names(let name, let type):
      guard !name.isEmpty, name.utf8.count <= 255 else { return .failed(Status.invalid) }
      return await owner.perform(.names(name, type: type)).frame
    case .lookUp(let table, let key):
      // The tables that the configuration gave to this stage, and no others.
      guard desk.core.options.contains(where: { $0.value == table }), key.count <= 64 * 1024 else { return .failed(Status.denied) }
      return await owner.perform(.lookUp(table: table, key: key)).frame
    }
  }
}
