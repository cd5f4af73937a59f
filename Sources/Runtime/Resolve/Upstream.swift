// SPDX-License-Identifier: Apache-2.0
import Names

/// One name server, or the Domain Name System from its root on, and what is known of its health. On its loop's thread.
final class Upstream {
  private let loop: EventLoop
  private let server: ResolverConfiguration.Server?
  private var patience: Patience
  private var context: UnboundContext?

  init(on loop: EventLoop, server: ResolverConfiguration.Server?, timeout: Duration) {
    self.loop = loop
    self.server = server
    patience = Patience(timeout)
  }

  func isResting(at now: Instant) -> Bool { patience.isResting(at: now) }

  /// Waits for at most `limit`, or for what the server's health allows.
  func ask(_ name: String, _ type: RecordType, within limit: Duration? = nil) async -> Result<NameAnswer, NameFailure> {
    do throws(SystemError) {
      return await ask(try openContext(), name, type, min(limit ?? patience.limit, patience.limit))
    } catch {
      return .failure(.temporary("\(error)"))
    }
  }

  /// Whether the server answers the question that every one can: who serves the root. So one that is dead at the start is known for it before a client comes.
  func probe() async {
    // Without a server there is much to find out at first, which takes its time.
    if server != nil { _ = await ask(".", .ns, within: Patience.short) }
  }

  private func openContext() throws(SystemError) -> UnboundContext {
    if let context { return context }
    let opened = try UnboundContext(on: loop, server: server)
    context = opened
    return opened
  }

  private func ask(_ context: UnboundContext, _ name: String, _ type: RecordType, _ limit: Duration) async -> Result<NameAnswer, NameFailure> {
    let begin = Instant.now()
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<NameAnswer, NameFailure>?, Never>) in
      start(context, name, type, until: begin + limit) { continuation.resume(returning: $0) }
    }
    guard let result else {
      patience.expired(askedAt: begin, at: .now())
      return .failure(.temporary("no answer from \(server.map { "\($0)" } ?? "the name servers") within \(limit)"))
    }
    switch result {
    case .success: patience.answered(at: .now())
    case .failure: break
    }
    return result
  }

  /// Calls `finish` once: with the answer, or with nil at the deadline.
  private func start(
    _ context: UnboundContext, _ name: String, _ type: RecordType, until deadline: Instant,
    finish: @escaping (Result<NameAnswer, NameFailure>?) -> Void
  ) {
    let timer = LoopTimerSlot()
    let question = UnboundContext.Question(type) { [loop] answer in
      timer.take(from: loop)
      finish(answer)
    }
    guard context.ask(name, question) else { return finish(.failure(.temporary("cannot ask"))) }
    timer.arm(on: loop, at: deadline) {
      context.cancel(question)
      finish(nil)
    }
  }
}

/// A timer that is let go before it fires or is taken back, so that what it holds and what holds it do not keep each other.
private final class LoopTimerSlot {
  private var timer: LoopTimer?

  func arm(on loop: EventLoop, at deadline: Instant, _ fire: @escaping () -> Void) {
    let timer = loop.timer { [self] in
      self.timer = nil
      fire()
    }
    self.timer = timer
    loop.arm(timer, at: deadline)
  }

  func take(from loop: EventLoop) {
    if let timer { loop.remove(timer) }
    timer = nil
  }
}
