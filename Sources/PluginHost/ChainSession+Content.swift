// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// The content of a message, which goes to one stage after the other, whole.
extension ChainSession {
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
      (mark, wasQuiet) = (began, false)
      let step = await content(message, seat, pool)
      let now = Instant.now()
      seat.stage.counters.note(from: began, to: now)
      if wasQuiet, observer != nil { passed.append((seat.stage, Int64(clamping: (now.nanoseconds &- began.nanoseconds) / 1000))) }
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
      if case .finished(.goOn, _, _) = stop, edits.isEmpty, !observesAll {
        wasQuiet = true
        return nil
      }
      if let watch { observe(stop, edits, message, seat, watch) }
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

  func tellShadow(_ verdict: StageVerdict, _ reply: StageReply?, _ edits: [StageEdit], _ stage: Stage, _ event: StageEvent) {
    let edits = edits.filter { !$0.isReason }
    guard verdict.refuses || !edits.isEmpty else { return }
    var parts = edits.map(\.summary)
    if verdict.refuses {
      parts.append("\(verdict)".uppercased() + (reply.map { " \($0.code) \($0.status) \($0.lines.joined(separator: " "))" } ?? ""))
    }
    stage.log(
      .info, "shadow: at \(event.name) would have done: \(parts.joined(separator: ", "))",
      property("queue.id").map { String(decoding: $0, as: UTF8.self) })
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
