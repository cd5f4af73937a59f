// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import PluginHost
import Queue
import Runtime
import SMTP

/// Performs what one SMTP machine decides, over one connection: frames lines, writes replies, keeps the deadlines.
///
/// Straight-line code in one task on one loop. Replies to pipelined commands are collected and written together.
///
/// A task keeps the memory of its deepest moment: with every call inlined into one function an idle session would hold 7 KiB for work that
/// it may never do. So each step is a frame of its own.
package final class Session<Stream: ByteStream> {
  let stream: Stream
  let services: Services
  var machine: ServerMachine
  var message: ArrivingMessage?
  /// The name of the message to come, once a recipient was accepted.
  var queueID: QueueID?
  /// Tells the log lines of one session from those of others.
  let number: UInt32
  var secured: Runtime.TLSFacts?
  private var framer: LineFramer
  private var input = ByteBuffer()
  private var output = ByteBuffer()
  private var isClosed = false
  private var turn = Turn()
  /// What tables have said to the command that is being judged; nil where they answer at once.
  var lookups: LookupMemo?
  /// What the restrictions remember of this session.
  var bench: Bench?
  /// The stages; nil where there are none.
  var chain: ChainSession?
  /// What is remembered for the trace; nil where nobody keeps one.
  let trace: SessionTrace?
  /// What was said; nil where nobody is told of trouble.
  var transcript: SessionTranscript?
  /// smtpd_per_request_deadline: when the request that is coming in must be complete.
  private var requestDeadline: Instant?
  /// The client that the limits have counted as connected.
  private var counted: Client?

  /// Replies that wait for more of a pipeline are written out beyond this.
  private static var maximumOutput: Int { 8 * 1024 }

  /// `counted`: the client that the limits have been told of; the session tells them when it ends.
  package init(_ stream: Stream, client: Client, services: Services, counted: Client? = nil) {
    self.stream = stream
    self.counted = counted
    self.services = services
    number = services.log.nextSession()
    trace = SessionTrace(services.log.traceDetail)
    machine = ServerMachine(context: services.context, client: client)
    framer = LineFramer(maximumLength: services.pace.lineLengthLimit)
    if services.notices != nil { transcript = SessionTranscript() }
  }

  /// Whom the session is with: the client that connected, or the one that XCLIENT named.
  var client: Client { machine.client }

  /// Serves the connection to its end, and closes it.
  package func run() async {
    if client.submitter == nil { log(.connect(client.peer)) }
    beginStages()
    if await beginsSecured() {
      await perform(await tellStagesOfTLS() ?? machine.connected())
      while !isClosed { await step() }
    }
    // At once: the last reply waits for it, and what follows may wait for the disk.
    stream.close()
    await dropMessage()
    if transcript != nil { await notifyPostmaster() }
    chain?.closed("the session has ended")
    chain = nil
    discount()
    if client.submitter == nil { log(.disconnect(client.peer, commands: machine.commandSummary)) }
  }

  /// Asks for the end of the session: it comes at once when the session waits for a command.
  package func interrupt() { stream.interrupt() }

  @inline(never) private func beginsSecured() async -> Bool {
    guard services.isImplicitTLS else { return true }
    guard machine.mayBeginInTLS() else {
      logNotice()
      return false
    }
    let succeeded = await secure()
    let isTooMuch = secured?.isResumed != true && machine.handshakeMade() != nil
    logNotice()
    guard succeeded, !isTooMuch, let secured else { return false }
    machine = ServerMachine(context: services.context, client: client, tls: SMTP.TLSFacts(secured))
    return true
  }

  // MARK: Input

  @inline(never) private func step() async {
    if machine.expectsContent { return await takeContent() }
    switch input.withReadable({ framer.next(in: $0) }) {
    case .line(let length, let consumed, let isBare): await takeLine(length, consumed, isBare)
    case .tooLong(let consumed):
      input.consume(consumed)
      await perform(machine.lineOverflowed())
    case .skip(let consumed):
      input.consume(consumed)
      await receive()
    case .needMore: await receive()
    }
  }

  @inline(never) private func takeLine(_ length: Int, _ consumed: Int, _ isBare: Bool) async {
    machine.storageIsLow = services.store.isLow
    let action = input.withReadable { bytes in
      transcript?.heard(UnsafeRawBufferPointer(rebasing: bytes.prefix(length)))
      return machine.lineReceived(
        UnsafeRawBufferPointer(rebasing: bytes.prefix(length)).bytes, isBareNewline: isBare, hasMoreInput: bytes.count > consumed)
    }
    input.consume(consumed)
    requestDeadline = nil
    if turn.commandTaken() { await letOthersRun() }
    await perform(action)
  }

  @inline(never) private func takeContent() async {
    guard let message else { return await perform(.close([])) }
    let progress = input.withReadable { machine.contentReceived($0, into: &message.content) }
    input.consume(progress.consumed)
    if turn.bytesTaken(progress.consumed) { await letOthersRun() }
    if !message.fits(services.store, header: machine.transaction?.header) { await spill() }
    if let action = progress.action {
      await perform(action)
    } else {
      await receive()
    }
  }

  /// Writes what is due and waits for more input.
  @inline(never) private func receive() async {
    guard await flush() else { return }
    switch await stream.read(into: &input, deadline: readDeadline()) {
    case .received(let count): extendRequest(by: count)
    case .timedOut:
      transcript?.reason = "timeout"
      await perform(machine.timedOut())
    case .interrupted: await perform(machine.shutdownBegan())
    case .endOfStream, .failed: connectionLost()
    }
  }

  /// Each read gets `smtpd_timeout`, or with `smtpd_per_request_deadline` the whole request does.
  private func readDeadline() -> Instant {
    let next = deadline(services.pace.timeout)
    guard services.pace.hasRequestDeadline else { return next }
    let whole = requestDeadline ?? next
    requestDeadline = whole
    return whole
  }

  /// Content earns time as it comes in, at `smtpd_min_data_rate`.
  private func extendRequest(by count: Int) {
    guard machine.expectsContent, let current = requestDeadline else { return }
    let earned = Duration.milliseconds(count * 1000 / services.pace.minimumRate)
    requestDeadline = min(current + earned, deadline(services.pace.timeout))
  }

  private func connectionLost() {
    transcript?.reason = "lost connection"
    machine.connectionLost()
    logNotice()
    isClosed = true
  }

  func deadline(_ seconds: Int) -> Instant { stream.now + .seconds(seconds) }

  @inline(never) private func letOthersRun() async {
    turn = Turn()
    await stream.yield()
  }

  // MARK: Actions

  @inline(never) private func perform(_ action: Action) async {
    var next: Action? = action
    while let action = next {
      openTransaction()
      next = await performOne(action)
      closeTransaction()
      if chain != nil { tellStagesOfAbort() }
      if !machine.holdsContent, message != nil { await dropMessage() }
      if transcript?.isLong == true, machine.transaction == nil { await notifyPostmaster() }
    }
  }

  /// Performs one action; answers the one that its outcome leads to.
  @inline(never) private func performOne(_ action: Action) async -> Action? {
    logNotice()
    switch action {
    case .reply(let reply): await send([reply])
    case .replies(let replies): await send(replies)
    case .close(let replies):
      await send(replies)
      _ = await flush(isLast: true)
      isClosed = true
    case .startTLS(let reply): await startTLS(reply)
    case .resolveRecipient(let query): return machine.recipientResolved(await services.users.verdict(on: query))
    case .receiveContent(let reply):
      beginMessage()
      await send([reply])
    case .receiveChunk: beginMessage()
    case .commit:
      trace?.answered = message?.id
      let next = machine.messageCommitted(await commit())
      // While the message still has its name.
      logNotice()
      return next
    case .judge(let request):
      if services.context.configuration.relay.asksSlowly { return await judgeSlowly(request) }
      return machine.judged(await judge(request))
    case .restart:
      if transcript != nil { await notifyPostmaster() }
      bench = nil
      return restart()
    }
    return nil
  }

  /// XCLIENT has put another client in place of the one there was. One that may speak for others is not counted.
  private func restart() -> Action {
    discount()
    guard !machine.speaksForOthers, let limits = services.limits else { return machine.connected() }
    counted = client
    guard let refusal = limits.arrived(client) else { return machine.connected() }
    services.log.warning("smtpd", refusal.warning(client.description, service: services.context.configuration.edge.serviceName))
    return machine.turnedAway()
  }

  private func discount() {
    if let counted { services.limits?.left(counted) }
    counted = nil
  }

  private func beginMessage() {
    if message == nil { message = ArrivingMessage(queueID ?? services.store.reserveID()) }
  }

  @inline(never) private func dropMessage() async {
    let dropped = message
    message = nil
    await dropped?.discard(services.store)
  }

  @inline(never) private func send(_ replies: [Reply]) async {
    if machine.replyDelay > 0, !replies.isEmpty {
      guard await flush() else { return }
      await stream.pause(until: deadline(machine.replyDelay))
    }
    for reply in replies { write(footed(trace == nil ? reply : traced(reply))) }
    trace?.answered = nil
    if output.count > Self.maximumOutput { _ = await flush() }
  }

  private func write(_ reply: Reply) {
    let start = output.count
    reply.write(to: &output)
    guard transcript != nil else { return }
    output.withReadable { transcript?.said(reply, UnsafeRawBufferPointer(rebasing: $0.dropFirst(start))) }
  }

  private func footed(_ reply: Reply) -> Reply {
    guard reply.isNegative, let footer = services.footer else { return reply }
    return footer.added(to: reply, client: client, time: services.now())
  }

  /// Writes the collected replies; false when the client is gone.
  @inline(never) private func flush(isLast: Bool = false) async -> Bool {
    if output.isEmpty { return !isClosed }
    let limit = deadline(services.pace.timeout)
    let outcome = await isLast ? stream.writeLast(&output, deadline: limit) : stream.write(&output, deadline: limit)
    guard outcome == .written else {
      connectionLost()
      return false
    }
    output.release()
    return true
  }

  private func logNotice() {
    switch machine.takeNotice() {
    case .reject(let rejection):
      if rejection.action == "reject" { transcript?.isVerdict = true }
      log(.verdict(VerdictFacts(rejection), client.peer), about: queueID)
    case .info(let text): log(.text(text))
    case .warning(let text): log(.text(text), severity: .warning)
    case nil: break
    }
  }

  // MARK: TLS

  @inline(never) private func startTLS(_ reply: Reply) async {
    await send([reply])
    guard await flush() else { return }
    // RFC 3207 §4.2: what was sent in clear before the handshake must not count after it.
    input.release()
    framer = LineFramer(maximumLength: services.pace.lineLengthLimit)
    let succeeded = await secure()
    if secured?.isResumed != true, let action = machine.handshakeMade() {
      logNotice()
      if case .close(let replies) = action, succeeded { await send(replies) }
      _ = await flush()
      isClosed = true
    }
    guard succeeded, !isClosed, let secured else {
      isClosed = true
      return
    }
    machine.tlsStarted(SMTP.TLSFacts(secured))
    logNotice()
    if chain != nil, let action = await tellStagesOfTLS() { await perform(action) }
  }

  @inline(never) private func secure() async -> Bool {
    guard let context = services.tls?() else { return false }
    switch await stream.startTLS(context, deadline: deadline(services.pace.startTLSTimeout)) {
    case .success(let facts):
      secured = facts
      if services.habits.logsTLS { log(.text(facts.summary(peer: client.description))) }
      return true
    case .failure(let error):
      log(.text("SSL_accept error from \(client.description): \(error)"))
      return false
    }
  }
}

extension SMTP.TLSFacts {
  fileprivate convenience init(_ facts: Runtime.TLSFacts) {
    self.init(
      version: facts.protocolVersion, cipher: facts.cipher, bits: facts.usedBits, certificate: ClientCertificate(facts.peer, facts.fingerprints))
  }
}

extension SMTP.TLSFacts.ClientCertificate {
  fileprivate init?(_ peer: Runtime.TLSFacts.PeerCertificate, _ fingerprints: TLSFingerprints?) {
    self.init()
    switch peer {
    case .notRequested, .absent: return nil
    case .untrusted(let name, let issuer): (commonName, self.issuer) = (name, issuer)
    case .trusted(let name, let issuer), .verified(let name, let issuer): (commonName, self.issuer, isTrusted) = (name, issuer, true)
    }
    fingerprint = fingerprints?.certificate ?? ""
    publicKeyFingerprint = fingerprints?.publicKey ?? ""
  }
}

/// How much a session did since it last let others run: 64 KiB or 16 commands are its share.
private struct Turn {
  private var commands = 0
  private var bytes = 0

  mutating func commandTaken() -> Bool {
    commands += 1
    return commands > 16
  }

  mutating func bytesTaken(_ count: Int) -> Bool {
    bytes += count
    return bytes > 256 * 1024
  }
}
