// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// Where the mta asks the keeper for workers: see WorkerKeeper.
package struct WorkerDoor: Sendable {
  private let descriptor: Int32
  private static let patience = Duration.seconds(30)

  /// The descriptor stays the caller's.
  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// A worker for the stage of that name. Blocks until it has been started.
  func start(_ stage: String) throws -> (child: KeptWorker, control: Int32, running: RunningCalls) {
    let (lifeline, theirs) = try PacketSocket.pair(size: KeeperFrame.maximumSize)
    do {
      let isSent = Result { try PacketSocket.send(Array(stage.utf8), descriptor: theirs, to: descriptor, timeout: Self.patience) }
      closeDescriptor(theirs)
      guard try isSent.get() else { throw FrameError("the keeper of workers does not answer") }
      return try greet(lifeline)
    } catch {
      closeDescriptor(lifeline)
      throw error
    }
  }

  private func greet(_ lifeline: Int32) throws -> (child: KeptWorker, control: Int32, running: RunningCalls) {
    let (first, control) = try Self.next(lifeline, Self.patience)
    if case .failed(let reason) = first { throw FrameError(reason) }
    guard case .started(let pid) = first, let control else { throw FrameError("the keeper of workers sent another frame than that one has started") }
    do {
      guard case (.page, let page?) = try Self.next(lifeline, Self.patience) else { throw FrameError("the keeper of workers sent no page") }
      return (KeptWorker(pid: pid, lifeline), control, try RunningCalls(adopting: page))
    } catch {
      closeDescriptor(control)
      throw error
    }
  }

  fileprivate static func next(_ lifeline: Int32, _ patience: Duration) throws -> (frame: KeeperFrame, descriptor: Int32?) {
    guard let packet = try PacketSocket.receive(from: lifeline, limit: KeeperFrame.maximumSize, timeout: patience) else {
      throw FrameError("the keeper of workers does not answer")
    }
    do {
      return (try packet.bytes.withUnsafeBytes { try KeeperFrame(decoding: $0) }, packet.descriptor)
    } catch {
      closeDescriptor(packet.descriptor ?? -1)
      throw error
    }
  }
}

/// A worker as the mta has hold of it, which is not its parent and may be another user. It ends when this goes. Any thread.
final class KeptWorker: Sendable {
  let pid: Int32
  private let lifeline: Int32
  private let status = Monitor<Int32?>(nil)

  init(pid: Int32, _ lifeline: Int32) {
    self.pid = pid
    self.lifeline = lifeline
  }

  deinit { closeDescriptor(lifeline) }

  func kill() { ask(.kill) }

  /// Lets all others go first, for good.
  func yieldToOthers() { ask(.yield) }

  private func ask(_ request: KeeperFrame.Request) { _ = try? PacketSocket.send([request.rawValue], to: lifeline, timeout: .zero) }

  /// Its exit code, or 128 + the signal that killed it; nil if it has not ended within `patience`.
  func ended(within patience: Duration = .zero) -> Int32? {
    status.withLock { status in
      if status == nil { status = listen(patience) }
      return status
    }
  }

  private func listen(_ patience: Duration) -> Int32? {
    guard let ready = try? PacketSocket.ready([lifeline], timeout: patience), !ready.isEmpty else { return nil }
    // A keeper that closes its end before it has read what it was asked last makes an error of that, once; what it had said comes behind.
    for _ in 0..<2 {
      if case .ended(let status)? = try? WorkerDoor.next(lifeline, .zero).frame { return status }
    }
    // Without a keeper there is no worker: it dies with it.
    return 128 + 9
  }

  /// How much of the processors it has used.
  var processorTime: Duration { ProcessorClock.time(of: pid) }
}
