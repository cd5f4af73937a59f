// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// What a stage has answered to an event, for whoever explains what became of a message.
package struct StageTrace {
  package let stage: String
  /// The prefix of its properties.
  package let component: String
  package let event: StageEvent
  package let verdict: StageVerdict
  package let reply: StageReply?
  package let failure: StageFailure?
  package let edits: [StageEdit]
  package let isShadow: Bool
  /// In microseconds.
  package let duration: Int64
  /// The header before and after; nil unless it is asked for.
  package let header: (before: [UInt8], after: [UInt8])?

  /// Whether there is more to say than that it was asked.
  package var isNotable: Bool { verdict.refuses || failure != nil || !edits.isEmpty }
}

/// What must be known before a stage looks at a message, to tell afterwards what it did.
struct ContentWatch {
  let header: [UInt8]?

  init(_ message: StagedMessage, _ session: ChainSession) {
    header = session.observesAll ? message.fields.rendered() : nil
  }
}

extension ChainSession {
  func observe(_ answer: StageAnswer, _ seat: StageSeat, at event: StageEvent, since began: Instant) {
    observer?(
      StageTrace(
        stage: seat.stage.settings.name, component: seat.stage.component.name, event: event, verdict: answer.verdict, reply: answer.reply,
        failure: answer.failure, edits: answer.edits, isShadow: seat.stage.settings.isShadow, duration: (.now() - began).microseconds, header: nil))
  }

  func observe(_ stop: ContentRunner.Stop, _ edits: [StageEdit], _ message: StagedMessage, _ seat: StageSeat, _ watch: ContentWatch) {
    let duration = (.now() - mark).microseconds
    var (verdict, reply, failure) = (StageVerdict.goOn, StageReply?.none, StageFailure?.none)
    switch stop {
    case .finished(let said, _, let words): (verdict, reply) = (said, words)
    case .failed(let reason): failure = reason
    case .pending: failure = .timedOut(milliseconds: seat.stage.settings.timeout)
    }
    let isQuiet = failure == nil && !verdict.refuses && edits.isEmpty
    if isQuiet, !observesAll { return passed.append((seat.stage, duration)) }
    observer?(
      StageTrace(
        stage: seat.stage.settings.name, component: seat.stage.component.name, event: verdict == .goOn && failure == nil ? .endOfMessage : seat.event,
        verdict: verdict, reply: reply, failure: failure, edits: edits, isShadow: seat.stage.settings.isShadow, duration: duration,
        header: watch.header.map { ($0, message.fields.rendered()) }))
  }
}

extension Duration {
  fileprivate var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
  }
}
