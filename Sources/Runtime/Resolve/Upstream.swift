// SPDX-License-Identifier: Apache-2.0
import Names

/// One name server, or the Domain Name System from its root on, and what is known of its health. On its loop's thread.
final class Upstream {
  typealias Findings = Result<NameAnswer, NameFailure>

  private let loop: EventLoop
  private let server: ResolverConfiguration.Server?
  private let configuration: ResolverConfiguration
  private let report: @Sendable (String) -> Void
  private var patience: Patience
  /// The context that takes answers as they come, and the one that proves them.
  private var plain: UnboundContext?
  private var proving: UnboundContext?
  private var proof: Proof
  /// Who waits for `proof` to be settled; nil while nothing is under way.
  private var unsettled: [UnsafeContinuation<Void, Never>]?

  private enum Proof {
    /// Nobody knows yet whether the server can pass proofs on.
    case open
    case made
    /// Not now; after this moment it is tried again.
    case notMade(until: Instant)
  }

  /// `report` is told of what the server can do.
  init(
    on loop: EventLoop, server: ResolverConfiguration.Server?, _ configuration: ResolverConfiguration, report: @escaping @Sendable (String) -> Void
  ) {
    self.loop = loop
    self.server = server
    self.configuration = configuration
    self.report = report
    patience = Patience(configuration.timeout)
    proof =
      switch configuration.trustAnchors.isEmpty ? .never : configuration.proof {
      case .never: .notMade(until: .never)
      case .whereItCanBe: .open
      case .always: .made
      }
  }

  func isResting(at now: Instant) -> Bool { patience.isResting(at: now) }

  /// Waits for at most `limit`, or for what the server's health allows.
  func ask(_ name: String, _ type: RecordType, within limit: Duration? = nil) async -> Findings {
    // Whoever can do without an answer can do without its proof.
    if case .open = proof, limit == nil { await settleProof() }
    if case .notMade(let until) = proof, until <= .now() {
      proof = .notMade(until: .now() + Self.proofInterval)
      nonisolated(unsafe) let upstream = self
      loop.spawn { await upstream.settleProof() }
    }
    do throws(SystemError) {
      return await ask(try openContext(), name, type, min(limit ?? patience.limit, patience.limit))
    } catch {
      return .failure(.temporary("\(error)"))
    }
  }

  /// Whether the server answers the question that every one can: who serves the root. So one that is dead at the start is known for it before a client comes.
  func probe() async {
    if case .open = proof { return await settleProof() }
    // Without a server there is much to find out at first, which takes its time.
    if server != nil { _ = await ask(".", .ns, within: Patience.short) }
  }

  private func openContext() throws(SystemError) -> UnboundContext {
    if case .made = proof {
      if let proving { return proving }
      let opened = try newProvingContext()
      proving = opened
      return opened
    }
    if let plain { return plain }
    let opened = try UnboundContext(on: loop, server: server, rootServers: configuration.rootServers)
    plain = opened
    return opened
  }

  private func newProvingContext() throws(SystemError) -> UnboundContext {
    try UnboundContext(on: loop, server: server, rootServers: configuration.rootServers, trustAnchors: configuration.trustAnchors)
  }

  private func ask(_ context: UnboundContext, _ name: String, _ type: RecordType, _ limit: Duration) async -> Findings {
    let begin = Instant.now()
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Findings?, Never>) in
      start(context, name, type, until: begin + limit) { continuation.resume(returning: $0) }
    }
    guard let result else {
      patience.expired(askedAt: begin, at: .now())
      return .failure(.temporary("no answer from \(title) within \(limit)"))
    }
    switch result {
    case .success: patience.answered(at: .now())
    case .failure: break
    }
    return result
  }

  private var title: String { server.map { "\($0)" } ?? "the name servers" }

  /// Calls `finish` once: with the answer, or with nil at the deadline. A server that says nothing at all is not waited for until then.
  private func start(
    _ context: UnboundContext, _ name: String, _ type: RecordType, until deadline: Instant, finish: @escaping (Findings?) -> Void
  ) {
    let waiting = Waiting(on: loop)
    let question = UnboundContext.Question(type) { answer in
      waiting.end()
      finish(answer)
    }
    guard context.ask(name, question) else { return finish(.failure(.temporary("cannot ask"))) }
    waiting.begin(server, until: deadline) {
      context.cancel(question)
      finish(nil)
    }
  }
}

/// Whether answers can be proved.
extension Upstream {
  /// How long what was found holds where proofs cannot be had, and where the server said nothing.
  private static let proofInterval = Duration.seconds(60)
  private static let silenceInterval = Duration.seconds(5)
  /// Who serves the root and with which keys is to be found out from the servers of the root.
  private static let longestProof = Duration.seconds(2)

  private func settleProof() async {
    if unsettled != nil { return await withUnsafeContinuation { unsettled?.append($0) } }
    unsettled = []
    await tryProof()
    let waiting = unsettled ?? []
    unsettled = nil
    for continuation in waiting { continuation.resume() }
  }

  /// Asks for what every chain of proofs begins with. A new context each time: it would remember a failure.
  private func tryProof() async {
    guard let context = try? newProvingContext() else { return proof = .notMade(until: .never) }
    let isFirst = if case .open = proof { true } else { false }
    switch await ask(context, ".", .ns, server == nil ? Self.longestProof : Patience.short) {
    case .success(let answer) where answer.isSecure:
      proving = context
      plain = nil
      proof = .made
      report("answers of \(title) are proved by DNSSEC")
    case .failure(.temporary(let reason)) where reason.hasPrefix("no answer"):
      proof = .notMade(until: .now() + Self.silenceInterval)
    case .success, .failure:
      proof = .notMade(until: .now() + Self.proofInterval)
      if isFirst { report("\(title): no DNSSEC; answers are taken unproved") }
    }
  }
}

/// The timers of one question.
private final class Waiting {
  /// A server that has said nothing for so long is asked whether it is there, and given up when it does not say so either.
  private static let firstPing = Patience.short
  private static let secondPing = Duration.milliseconds(700)
  private static let lastMoment = Duration.milliseconds(1000)

  private let loop: EventLoop
  private var timer: LoopTimer?
  private var ping: ServerPing?

  init(on loop: EventLoop) { self.loop = loop }

  func begin(_ server: ResolverConfiguration.Server?, until deadline: Instant, _ expired: @escaping () -> Void) {
    let begin = Instant.now()
    guard let server, begin + Self.lastMoment < deadline else { return arm(deadline, expired) }
    arm(begin + Self.firstPing) { [self] in
      guard let ping = ServerPing(server, on: loop) else { return arm(deadline, expired) }
      self.ping = ping
      arm(begin + Self.secondPing) { [self] in
        if !ping.isAnswered { ping.send() }
        arm(begin + Self.lastMoment) { [self] in ping.isAnswered ? arm(deadline, expired) : expire(expired) }
      }
    }
  }

  func end() {
    if let timer { loop.remove(timer) }
    timer = nil
    ping = nil
  }

  private func expire(_ expired: () -> Void) {
    ping = nil
    expired()
  }

  /// The timer is let go before it fires, so that what it holds and what holds it do not keep each other.
  private func arm(_ deadline: Instant, _ fire: @escaping () -> Void) {
    let timer = loop.timer { [self] in
      self.timer = nil
      fire()
    }
    self.timer = timer
    loop.arm(timer, at: deadline)
  }
}
