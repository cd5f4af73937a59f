// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// The keeper that an mta has of its own, where workers run as the mta's user. It is started again when it dies; it ends when this goes.
package final class WorkerNursery: Sendable {
  package let door: WorkerDoor
  private let descriptors: [Int32]
  private let state = Monitor(State())

  private struct State {
    var child: ChildProcess?
    var isOver = false
    var failure: SystemError?
  }

  private static let bufferSize = 64 * 1024
  private static let firstDelay = Duration.milliseconds(100)
  private static let maximumDelay = Duration.seconds(30)

  /// `program`: this program, which has the subcommand `worker`.
  package init(program: String, orders: [WorkerOrder]) throws(PluginRefusal) {
    do throws(SystemError) {
      let memory = try SealedMemory.make("weir-orders", WorkerOrder.encode(orders))
      let (ours, theirs) = try PacketSocket.pair(size: Self.bufferSize)
      door = WorkerDoor(ours)
      descriptors = [memory, theirs, ours]
      // The keeper dies with the thread that started it.
      try Thread(name: "nursery") { [state] in Self.keep(program, [memory, theirs], state) }.detach()
    } catch {
      throw .notLoadable("its worker process cannot be started: \(error)")
    }
    let failure = state.wait { state in state.child == nil && state.failure == nil ? nil : Optional(state.failure) }
    if let failure { throw .notLoadable("its worker process cannot be started: \(failure)") }
  }

  deinit {
    let child = state.withLock { state in
      state.isOver = true
      return state.child
    }
    child?.kill()
    state.signal()
    for descriptor in descriptors { closeDescriptor(descriptor) }
  }

  private static func keep(_ program: String, _ descriptors: [Int32], _ state: Monitor<State>) {
    var delay = firstDelay
    while true {
      let began = Instant.now()
      let mayGoOn = state.withLock { state in
        if state.isOver { return false }
        do throws(SystemError) {
          state.child = try ChildProcess.start(program, ["worker"], descriptors: descriptors, as: nil, memory: .largePages)
        } catch {
          state.failure = error
        }
        return true
      }
      state.signal()
      guard mayGoOn else { return }
      if let child = state.withLock({ $0.child }) {
        _ = child.ended()
        state.withLock { $0.child = nil }
      }
      delay = Instant.now() - began > .seconds(10) ? firstDelay : min(maximumDelay, delay * 2)
      if state.wait(timeout: delay, until: { $0.isOver ? true : nil }) != nil { return }
    }
  }
}
