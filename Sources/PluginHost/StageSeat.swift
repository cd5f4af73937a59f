// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// One stage in one session: what it may still be asked, and the asking. On the loop's thread.
///
/// Where the component runs is the business of the two classes that inherit from this one.
class StageSeat {
  let stage: Stage
  let loop: EventLoop
  /// It said DONE at an event of the session.
  private(set) var isDoneWithSession = false
  var isDoneWithMessage = false
  var isSkippingRecipients = false
  var hasSeenMessage = false
  /// Whether its conditions hold, as looked at for this command or message.
  var applies = true
  /// A call has not returned in time; nothing may be called until it does.
  var isLost: Bool { false }
  /// At which event the component was last.
  var event: StageEvent { .connect }

  init(_ stage: Stage, loop: EventLoop) {
    self.stage = stage
    self.loop = loop
  }

  static func make(_ stage: Stage, loop: EventLoop, owner: any SeatOwner, in home: StageHome) -> StageSeat {
    switch stage.engine {
    case .inProcess(let instance, let pool): LocalSeat(stage, instance, pool: pool, loop: loop, in: home)
    case .worker(let fleet): WorkerSeat(stage, fleet.core, loop: loop, in: home)
    }
  }

  func wants(_ event: StageEvent) -> Bool {
    guard stage.events.has(event), applies, !isDoneWithSession, !isLost else { return false }
    if event.isOfSession { return true }
    return !isDoneWithMessage && !(event == .rcpt && isSkippingRecipients)
  }

  var wantsContent: Bool { applies && !isDoneWithSession && !isDoneWithMessage && !stage.contentEvents.isEmpty && !isLost }

  func doneWithSession() { isDoneWithSession = true }

  // MARK: Asking

  /// One event about a command.
  func ask(_ call: StageCall) async -> StageAnswer { StageAnswer(failure: .stuck) }

  /// An event that needs no answer.
  func tell(_ call: StageCall) {}

  /// The whole content, in `message`, where edits are made; nil when that has to wait for something: then `read` goes on with it.
  func readAtOnce(_ message: StagedMessage) -> (stop: ContentRunner.Stop, edits: [StageEdit])? { nil }

  /// The whole content, in `message`; edits are made there.
  func read(_ message: StagedMessage, shadow: Bool, usesPool: BlockingPool?) async -> (stop: ContentRunner.Stop, edits: [StageEdit]) {
    (.failed(.stuck), [])
  }

  func messageEnded() {
    isDoneWithMessage = false
    isSkippingRecipients = false
    hasSeenMessage = false
  }

  func sessionEnded() {}

  /// As it was at the beginning, for another session; false when something of the last one is still under way, or may be.
  func renew() -> Bool {
    messageEnded()
    isDoneWithSession = false
    applies = true
    return true
  }

  func note(since began: Instant) {
    stage.counters.note(from: began, to: .now())
  }
}

/// Who has seats: the session in the mta, and its twin in a worker.
protocol SeatOwner: StageEnvironment {
  var message: StagedMessage? { get }
  /// What a callback asked for while nothing was asked of its component.
  func late(_ edits: [StageEdit], misbehaved: Bool, from seat: StageSeat)
  /// A request of a component in another process.
  func perform(_ work: StageRequest.Work) async -> StageRequest.Answer
}
