// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import SMTP
import Spool

/// One attempt to hand a message to its next hop: server after server, until nobody is left to try or nobody is left to deliver to.
final class RelayRun {
  let transport: SMTPTransport
  let job: DeliveryJob
  /// In the envelope: recipients of whom it is not known yet what becomes.
  var open: [Int]
  private(set) var results: [RecipientResult] = []
  /// What became of the last attempt, for those who are left in the end.
  private(set) var last = Obstacle(reason: Reason(status: "4.3.0", text: "unknown mail transport error"))
  private(set) var site = DeliveryResult.Site.alive
  lazy var addresses = GenericAddresses(settings, pool: transport.pool)
  lazy var content = RelayContent(job.message, pool: transport.pool, settings: settings, addresses: addresses)
  /// Sessions that were begun for it.
  private var sessions = 0
  /// Servers that have answered over a connection that was there already.
  private var tried: [RelayHost.Place] = []
  /// When the connection in use was ready.
  var ready: Int64?

  var settings: SMTPClientSettings { transport.settings }

  struct Obstacle {
    var reason: Reason
    var host: RelayHost?
    var reply: ServerReply?
  }

  init(_ transport: SMTPTransport, _ job: DeliveryJob) {
    self.transport = transport
    self.job = job
    open = job.recipients.map(\.index).filter(job.message.envelope.recipients.indices.contains)
  }

  func run() async -> DeliveryResult {
    if let session = transport.cache.take(key) { await exchange(session, isNew: false, isFinal: false) }
    let sites = [job.hop.destination] + settings.fallbackRelays
    for (number, site) in sites.enumerated() where !open.isEmpty { await visit(site, isLast: number == sites.count - 1) }
    giveUp()
    return DeliveryResult(results, site: site)
  }

  /// Who is logged in may depend on the sender.
  var key: SessionCache.Key {
    SessionCache.Key(destination: job.hop.site.destination, identity: transport.logins.dependsOnSender ? job.message.envelope.sender : "")
  }

  // MARK: servers

  private func visit(_ text: String, isLast: Bool) async {
    guard let destination = HopDestination(text, isLMTP: settings.rules.service == .lmtp, defaultPort: settings.port) else {
      return obstructed(Obstacle(reason: Reason(status: "4.3.5", text: "mail transport configuration: \(text) is no next hop")), isDead: true)
    }
    switch await transport.finder.find(destination) {
    case .failure(let failure): obstructed(Obstacle(reason: failure.reason), isDead: !failure.isPermanent)
    case .success(let all):
      let hosts = all.filter { !tried.contains($0.place) }
      for (number, host) in hosts.enumerated() where !open.isEmpty && mayBegin {
        let isFinal = isLast && (number == hosts.count - 1 || sessions + 1 == settings.sessionLimit)
        await tryHost(host, text, destination, isFinal: isFinal, isBest: host.preference == hosts.first?.preference)
      }
    }
  }

  private var mayBegin: Bool { settings.sessionLimit == 0 || sessions < settings.sessionLimit }

  private func tryHost(_ host: RelayHost, _ text: String, _ destination: HopDestination, isFinal: Bool, isBest: Bool) async {
    switch await security(for: host, text, destination) {
    case .failure(let refusal):
      if !isFinal { transport.info(job.message.id, refusal.reason.text) }
      obstructed(Obstacle(reason: refusal.reason, host: host), isDead: true)
    case .success(let security):
      await tryHost(host, target(host, text, destination), security, isFinal: isFinal, isBest: isBest)
    }
  }

  private func tryHost(_ host: RelayHost, _ target: SecurityTarget, _ security: SessionSecurity, isFinal: Bool, isBest: Bool) async {
    switch await transport.connector.connect(to: host) {
    case .failure(let failure):
      transport.info(nil, failure.text)
      obstructed(Obstacle(reason: Reason(status: "4.4.1", text: failure.text)), isDead: true)
    case .success(let session):
      sessions += 1
      if transport.tell != nil { session.keepTranscript() }
      session.security = security
      session.target = target
      let mustTryInClear = await exchange(session, isNew: true, isFinal: isFinal, isBest: isBest)
      if mustTryInClear { await tryHost(host, target, SessionSecurity(level: .none), isFinal: isFinal, isBest: isBest) }
    }
  }

  // MARK: a session

  /// True if the same server is to be tried in the clear.
  @discardableResult
  private func exchange(_ session: RelaySession, isNew: Bool, isFinal: Bool, isBest: Bool = false) async -> Bool {
    do throws(RelaySession.Trouble) {
      if isNew { try await introduce(session, isBest: isBest) }
      ready = wallClock()
      site = .alive
      try await converse(on: session, isFinal: isFinal)
      let told = session.takeMisunderstanding()
      finish(session)
      await tell(told, of: session)
    } catch {
      session.close()
      // A connection that ended while nobody used it is no attempt.
      if !isNew, session.isUntouched { return false }
      if isNew, await fallsBack(error, session) { return true }
      session.note(error)
      troubled(error, session, isFinal: isFinal)
      await tell(session.takeMisunderstanding(), of: session)
    }
    return false
  }

  private func tell(_ transcript: [[UInt8]]?, of session: RelaySession) async {
    guard let transcript, let tell = transport.tell else { return }
    let service = settings.rules.service == .lmtp ? "LMTP" : "SMTP"
    await tell(RelayTrouble(sender: job.message.envelope.sender, peer: session.host.relay, service: service, transcript: transcript))
  }

  /// The greetings.
  private func introduce(_ session: RelaySession, isBest: Bool) async throws(RelaySession.Trouble) {
    try await open(session)
    if isBest, session.host.isExchanger, session.machine.serverName.lowercased() == settings.hostname.lowercased() {
      transport.info(nil, "host \(session.host) replied to HELO/EHLO with my own hostname \(settings.hostname)")
      throw .policy(Reason(status: "5.4.6", text: "mail for \(job.hop.destination) loops back to myself"))
    }
  }

  /// Whether the session may serve another message, or ends.
  private func finish(_ session: RelaySession) {
    if isKept(session) { transport.cache.put(session, key) } else { transport.cache.end(session) }
  }

  private func isKept(_ session: RelaySession) -> Bool {
    if session.hasSaidGoodbye || session.isSecured && !session.security.reusesConnections { return false }
    return settings.cache.isOnDemand && job.isBacklogged || settings.cache.destinations.contains(job.hop.destination.lowercased())
  }

  /// One transaction.
  private func converse(on session: RelaySession, isFinal: Bool) async throws(RelaySession.Trouble) {
    try await content.load()
    try await learnAddresses()
    try refuseEarlyReply(session)
    session.begin()
    var action = session.machine.begin(envelope(for: session), into: &session.output)
    while true {
      action = try await session.advance(action)
      switch action {
      case .sendContent(let form): action = try await content.send(form, on: session, for: job.message.id, transport, isLast: !isKept(session))
      case .completed(let answers):
        try refuseStaleGoodbye(answers, session)
        if session.uses > 1 { tried.append(session.host.place) }
        return settle(answers, session, isFinal: isFinal)
      case .objected(let objection): return refuse(objection, session)
      default: throw .nonsense("no SMTP", session.machine.awaited)
      }
    }
  }

  /// A server that waited too long between messages says 421 to the next: that is no answer to this one.
  private func refuseStaleGoodbye(_ answers: [ClientAnswer], _ session: RelaySession) throws(RelaySession.Trouble) {
    guard session.uses > 1, session.machine.isOver, answers.allSatisfy({ $0.command == .mail || $0.command == .reset }) else { return }
    session.isUntouched = true
    throw .lost(ClientCommand.mail.activity)
  }

  // MARK: what became of it

  private func settle(_ answers: [ClientAnswer], _ session: RelaySession, isFinal: Bool) {
    var left: [Int] = []
    var known = RelayedOnce()
    for (index, answer) in zip(open, answers) {
      let reply = answer.reply
      if !reply.isNegative {
        note(index, .sent, known.reason(of: reply), session.host, nil, session)
        continue
      }
      session.note(refusal: reply)
      let reason = refusal(answer, session.host)
      if reply.isTransient, !isFinal {
        transport.info(job.message.id, reason.text)
        last = Obstacle(reason: reason, host: session.host, reply: reply)
        left.append(index)
      } else {
        note(index, reply.isTransient ? .deferred : .bounced, reason, session.host, reply, session)
      }
    }
    open = left
    if session.machine.isOver, let text = answers.last?.reply.summary {
      site = .dead(Reason(status: "4.3.2", text: "host \(session.host) said: \(text)"))
    }
  }

  private func refusal(_ answer: ClientAnswer, _ host: RelayHost) -> Reason {
    // A yes to DATA is the one refusal that begins so.
    let prefix = answer.reply.words.hasPrefix("2") ? "Protocol error: " : ""
    return Reason(status: answer.reply.statusText, text: "\(prefix)host \(host) said: \(answer.reply.summary) (in reply to \(answer.command.name))")
  }

  private func refuse(_ objection: ClientObjection, _ session: RelaySession) {
    let reason =
      switch objection {
      case .tooBig(let limit):
        Reason(status: "5.3.4", text: "message size \(job.message.size) exceeds size limit \(limit) of server \(session.host)")
      case .needsSMTPUTF8: Reason(status: "5.6.7", text: "SMTPUTF8 is required, but was not offered by host \(session.host)")
      }
    for index in open { note(index, .bounced, reason, session.host, nil, session) }
    open = []
  }

  /// The session broke off: who has an answer has it, the others are left.
  private func troubled(_ trouble: RelaySession.Trouble, _ session: RelaySession, isFinal: Bool) {
    let reason = trouble.reason(session.host, isSkipping: settings.skips5xxGreeting)
    var left: [Int] = []
    let settled = session.machine.settled
    for (position, index) in open.enumerated() {
      guard settled.indices.contains(position), let answer = settled[position], isSettled(answer) else {
        left.append(index)
        continue
      }
      session.note(refusal: answer.reply)
      let outcome: RecipientResult.Outcome = !answer.reply.isNegative ? .sent : answer.reply.isTransient ? .deferred : .bounced
      let own = outcome == .sent ? Reason(status: answer.reply.statusText, text: answer.reply.summary) : refusal(answer, session.host)
      note(index, outcome, own, session.host, outcome == .sent ? nil : answer.reply, session)
    }
    open = left
    if !isFinal, !open.isEmpty { transport.info(job.message.id, reason.text) }
    obstructed(Obstacle(reason: reason, host: session.host, reply: trouble.reply), isDead: true)
    if reason.status.hasPrefix("5") { giveUp() }
  }

  /// Whether an answer stands though the session broke off: a refusal for good, or that of a server that answers for each.
  private func isSettled(_ answer: ClientAnswer) -> Bool {
    answer.command == .end ? settings.rules.service == .lmtp : answer.reply.isNegative && !answer.reply.isTransient
  }

  private func obstructed(_ obstacle: Obstacle, isDead: Bool) {
    last = obstacle
    site = isDead ? .dead(obstacle.reason) : .alive
  }

  /// Nobody is left to try.
  private func giveUp() {
    for index in open {
      note(index, last.reason.status.hasPrefix("5") ? .bounced : .deferred, last.reason, last.host, last.reply, nil)
    }
    open = []
  }

  private func note(
    _ index: Int, _ outcome: RecipientResult.Outcome, _ reason: Reason, _ host: RelayHost?, _ reply: ServerReply?, _ session: RelaySession?
  ) {
    let now = wallClock()
    let (outcome, reason) = filtered(outcome, reason)
    var result = RecipientResult(index, outcome, reason)
    if let host {
      result.relay = host.relay
      if let reply { result.remote = RemoteAnswer(name: host.name, diagnostic: reply.summary) }
    }
    if let session, session.uses > 1 { result.connectionUse = session.uses }
    let middle = ready ?? now
    result.connection = max(0, middle - job.began)
    result.transmission = max(0, now - middle)
    result.keepsWishes = outcome == .sent && session?.machine.extensions.offers("DSN") == true
    results.append(result)
  }

  /// smtp_delivery_status_filter: 4 may become 5 and 5 may become 4, but what was delivered stays so, and the reverse.
  private func filtered(_ outcome: RecipientResult.Outcome, _ reason: Reason) -> (RecipientResult.Outcome, Reason) {
    guard !settings.statusFilter.isEmpty, let other = settings.statusFilter.value(for: "\(reason.status) \(reason.text)") else {
      return (outcome, reason)
    }
    let words = other.split(separator: " ", maxSplits: 1)
    guard let status = words.first, status.split(separator: ".").count == 3, (status.first == "2") == (outcome == .sent) else {
      return (outcome, reason)
    }
    let text = words.count > 1 ? String(words[1]) : ""
    return (outcome == .sent ? .sent : status.first == "5" ? .bounced : .deferred, Reason(status: String(status), text: text))
  }
}

/// The reason that recipients of one reply share.
private struct RelayedOnce {
  private var last: (reply: ServerReply, reason: Reason)?

  mutating func reason(of reply: ServerReply) -> Reason {
    if let last, last.reply == reply { return last.reason }
    let reason = Reason(status: reply.statusText, text: reply.summary)
    last = (reply, reason)
    return reason
  }
}
