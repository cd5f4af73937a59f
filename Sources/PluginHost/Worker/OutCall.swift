// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// Something that was asked of a worker, until it is answered, or will not be. On the loop's thread.
final class OutCall {
  /// The frame, and what goes with it, for the number that the call has got.
  typealias Frame = (UInt64) -> (frame: HostFrame, descriptor: Int32)?

  let seat: WorkerSeat
  let event: StageEvent
  private let frame: Frame
  var number: UInt64 = 0
  /// Where it was sent; nil while it waits for a process.
  weak var link: WorkerLink?
  /// on_event has left it pending.
  var isPending = false
  var hadGrace = false
  /// Since when it waits for a process.
  var waitsSince: Instant?
  /// How often it was sent to one that died of something else.
  var replays = 0
  /// It was one of several that a process had begun when it died of nobody knows what.
  var isSuspect = false
  var pieces: [UInt8] = []
  var timer: LoopTimer?
  private var result: Result<StageOutcome, StageFailure>?
  private var continuation: UnsafeContinuation<Void, Never>?

  init(_ seat: WorkerSeat, _ event: StageEvent, _ frame: @escaping Frame) {
    self.seat = seat
    self.event = event
    self.frame = frame
  }

  var isOver: Bool { result != nil }

  func made() -> (frame: HostFrame, descriptor: Int32)? { frame(number) }

  func end(_ result: Result<StageOutcome, StageFailure>) {
    guard self.result == nil else { return }
    self.result = result
    continuation?.resume()
    continuation = nil
  }

  func outcome() async -> Result<StageOutcome, StageFailure> {
    if result == nil { await withUnsafeContinuation { continuation = $0 } }
    return result ?? .failure(.stuck)
  }
}
