// SPDX-License-Identifier: Apache-2.0
import Names
import Pipeline
import Runtime

/// The stages of one listener, in the order of the configuration.
package final class StageChain: Sendable {
  package let stages: [Stage]
  /// What at least one of them wants.
  package let events: StageEvents
  let hasConditions: Bool
  let offloads: BlockingPool
  let authservID: String
  let lookUp: @Sendable (String, [UInt8]) async -> StageRequest.Answer
  package let registry: SessionRegistry

  package init(
    _ stages: [Stage], registry: SessionRegistry, authservID: String, offloads: BlockingPool,
    lookUp: @escaping @Sendable (String, [UInt8]) async -> StageRequest.Answer
  ) {
    self.stages = stages
    events = stages.reduce(into: []) { $0.formUnion($1.events) }
    hasConditions = stages.contains { !$0.settings.condition.terms.isEmpty }
    self.registry = registry
    self.authservID = authservID
    self.offloads = offloads
    self.lookUp = lookUp
  }

  /// Whether a stage wants anything of the content, so that it must be looked into.
  package var wantsContent: Bool { !events.isDisjoint(with: .content) }
}

/// A session that plugins' own threads may post to. On its loop's thread.
protocol PostTarget: AnyObject {
  func deliver(_ id: UInt64, _ instance: ComponentInstance, _ body: @escaping (StageContext?) -> Void)
}

/// Where the sessions are that plugins' own threads may post to.
package final class SessionRegistry: PostOffice {
  private struct Slot {
    var loop: EventLoop?
    weak var session: (any PostTarget)?
    /// No id of an earlier session in this slot is as great as the first of the next.
    var lastTicket: UInt64
  }

  private struct State {
    var slots: [Slot] = []
    var free: [Int] = []
  }

  private let state = Monitor(State())
  private static let slotShift: UInt64 = 40
  private static let maximumSlots = 1 << 23

  package init() {}

  /// A place for a session: number of the slot, and the base of its tickets.
  func register(_ session: any PostTarget, on loop: EventLoop) -> (slot: Int, base: UInt64) {
    nonisolated(unsafe) let session = session
    return state.withLock { state in
      if state.free.isEmpty, state.slots.count < Self.maximumSlots {
        state.slots.append(Slot(loop: nil, session: nil, lastTicket: UInt64(state.slots.count + 1) << Self.slotShift))
        state.free.append(state.slots.count - 1)
      }
      guard let slot = state.free.popLast() else { return (-1, UInt64(Self.maximumSlots + 1) << Self.slotShift) }
      state.slots[slot].loop = loop
      state.slots[slot].session = session
      return (slot, state.slots[slot].lastTicket)
    }
  }

  func unregister(_ slot: Int, lastTicket: UInt64) {
    guard slot >= 0 else { return }
    state.withLock { state in
      state.slots[slot].loop = nil
      state.slots[slot].session = nil
      state.slots[slot].lastTicket = lastTicket
      // A slot whose numbers run out is not used again.
      if lastTicket & (1 << Self.slotShift - 1) < 1 << (Self.slotShift - 1) { state.free.append(slot) }
    }
  }

  package func post(_ id: UInt64, instance: ComponentInstance, _ body: @escaping @Sendable (StageContext?) -> Void) -> Bool {
    let index = Int(clamping: id >> Self.slotShift) - 1
    let target = state.withLock { state -> Target? in
      guard index >= 0, index < state.slots.count, id > state.slots[index].lastTicket, let loop = state.slots[index].loop,
        let session = state.slots[index].session
      else { return nil }
      return Target(loop: loop, session: session)
    }
    guard let target else { return false }
    target.loop.spawn { target.session.deliver(id, instance, body) }
    return true
  }

  private struct Target: @unchecked Sendable {
    let loop: EventLoop
    let session: any PostTarget
  }
}
