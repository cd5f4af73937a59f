// SPDX-License-Identifier: Apache-2.0
import Runtime

/// One at a time; those who may not wait leave what they have to do.
final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var left: [@Sendable () -> Void] = []
  }

  private let state = Monitor(State())

  func take() {
    state.wait { state -> Void? in
      guard !state.isTaken else { return nil }
      state.isTaken = true
      return ()
    }
  }

  /// Whether it was free, and is the caller's now.
  func take(orLeave body: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard state.isTaken else {
        state.isTaken = true
        return true
      }
      state.left.append(body)
      return false
    }
  }

  /// First does what others have left.
  func give() {
    while let left = taken() {
      for body in left { body() }
    }
    state.signal()
  }

  /// Nil: nothing is left, and the turn is over.
  private func taken() -> [@Sendable () -> Void]? {
    state.withLock { state in
      guard !state.left.isEmpty else {
        state.isTaken = false
        return nil
      }
      defer { state.left = [] }
      return state.left
    }
  }
}
