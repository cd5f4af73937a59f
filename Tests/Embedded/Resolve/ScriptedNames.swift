// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime
import Synchronization

/// The twin of the resolver for tests: answers as told, after a delay on the embedded loop's clock. Whatever it was not told is not found.
package final class ScriptedNames: NameService, Sendable {
  private struct Line {
    let answer: Result<[NameRecord], NameFailure>
    let delay: Duration
  }

  private struct State {
    var lines: [NameQuery: Line] = [:]
    var asked: [NameQuery] = []
  }

  private let loop: EmbeddedLoop
  private let state = Mutex(State())

  package init(on loop: EmbeddedLoop) { self.loop = loop }

  package func script(_ query: NameQuery, _ records: NameRecord..., after delay: Duration = .zero) {
    state.withLock { $0.lines[query] = Line(answer: records.isEmpty ? .failure(.notFound) : .success(records), delay: delay) }
  }

  package func script(_ query: NameQuery, _ failure: NameFailure, after delay: Duration = .zero) {
    state.withLock { $0.lines[query] = Line(answer: .failure(failure), delay: delay) }
  }

  /// All questions since the last call, in order.
  package func takeAsked() -> [NameQuery] {
    state.withLock { state in
      defer { state.asked = [] }
      return state.asked
    }
  }

  package func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> {
    let line = state.withLock { state in
      state.asked.append(query)
      return state.lines[query]
    }
    guard let line else { return .failure(.notFound) }
    if line.delay > .zero { await loop.sleep(until: loop.now + line.delay) }
    return line.answer
  }
}
