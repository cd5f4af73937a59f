// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// The tests of one connection before it gets a session, as Postfix's postscreen makes and logs them.
package struct Screening<Stream: ByteStream> {
  /// What the connection is made of and may use.
  package struct Ground {
    let stream: Stream
    let log: Log
    /// Begins a task on the connection's loop.
    let spawn: (@escaping @Sendable () async -> Void) -> Void
    /// The certificates in force now; nil when TLS is not to be had.
    let tls: TLSServerContext?
    let startTLSTimeout: Duration

    package init(
      stream: Stream, log: Log, tls: TLSServerContext? = nil, startTLSTimeout: Duration = .seconds(300),
      spawn: @escaping (@escaping @Sendable () async -> Void) -> Void
    ) {
      self.stream = stream
      self.log = log
      self.tls = tls
      self.startTLSTimeout = startTLSTimeout
      self.spawn = spawn
    }
  }

  let screen: Screen
  let ground: Ground
  let client: Client
  let address: IPAddress
  /// `[192.0.2.1]:4711`.
  let name: String
  let started: Instant
  /// What was known of the client, and what it has passed since.
  private var passes = Passes()
  private var due: Set<ScreenTest> = []
  private var passed: Set<ScreenTest> = []
  private var isNew = false
  /// What recipients are told; nil while nothing speaks against the client.
  private var refusal: Reply?
  private var hasSpoken = false

  var settings: Screen.Settings { screen.settings }
  var stream: Stream { ground.stream }
  var log: Log { ground.log }

  package init(_ screen: Screen, on ground: Ground, client: Client, address: IPAddress) {
    self.screen = screen
    self.ground = ground
    self.client = client
    self.address = address
    name = Self.name(address, client.port)
    started = ground.stream.now
    let destination = client.destination.map { Self.name($0.address, $0.port) } ?? "[unknown]:unknown"
    ground.log.info("postscreen", "CONNECT from \(name) to \(destination)")
  }

  private static func name(_ address: IPAddress, _ port: UInt16) -> String { "[\(address)]:\(port)" }

  /// True if the client may have a session; else it has had its answers, and the connection is to be closed.
  @inline(never) package mutating func admits() async -> Bool {
    switch settings.access(address) {
    case .permit:
      log.info("postscreen", "ALLOWLISTED \(name)")
      return true
    case .reject:
      log.info("postscreen", "DENYLISTED \(name)")
      guard await survives(settings.denylistAction, ScreeningReplies.blocked) else { return false }
      if settings.denylistAction == .enforce { refusal = ScreeningReplies.blocked }
    case .unknown: break
    }
    return await test()
  }

  private mutating func test() async -> Bool {
    if settings.tests.isEmpty, refusal == nil { return true }
    let known = screen.cache.passes(of: address, now: screen.clock())
    passes = known ?? Passes()
    due = screen.due(passes, at: screen.clock())
    isNew = settings.tests.contains { passes[$0] == Passes.never }
    if due.isEmpty, refusal == nil {
      log.info("postscreen", "PASS OLD \(name)")
      return true
    }
    veto()
    if !due.isDisjoint(with: [.pregreet, .dnsbl]), await testBeforeGreeting() == false { return false }
    if refusal != nil || !due.subtracting(passed).isDisjoint(with: [.pipelining, .nonSMTPCommand, .bareNewline]) { return await refuse() }
    conclude()
    return true
  }

  /// Where nobody can pass, who has not passed elsewhere is told to come again.
  private mutating func veto() {
    guard let own = client.destination?.address, !settings.mayPassAt(own) else { return }
    log.info("postscreen", "ALLOWLIST VETO \(name)")
    refusal = ScreeningReplies.comeAgain
  }

  // MARK: Before the greeting

  /// False if the connection is over.
  private mutating func testBeforeGreeting() async -> Bool {
    let inquiry = due.contains(.dnsbl) ? settings.dnsbl.map { DNSBlocklistInquiry($0, address, log: log, spawn: ground.spawn) } : nil
    if due.contains(.pregreet) { guard await send("220-\(settings.greetBanner)\r\n") else { return hungUp() } }
    guard await wait(for: inquiry) else { return false }
    if due.contains(.pregreet), !hasSpoken, inquiry?.isAllowlisted != true { pass(.pregreet, for: settings.lifetimes[.pregreet] ?? 0) }
    guard let inquiry, let lists = settings.dnsbl else { return true }
    return await judge(inquiry, lists)
  }

  /// For the greet delay to end, or for all that the tests want to know. False if the connection is over.
  private mutating func wait(for inquiry: DNSBlocklistInquiry?) async -> Bool {
    // A client that breaks off leaves the inquiry behind.
    inquiry?.whenDone = { [stream = ground.stream] in stream.stopPeeking() }
    defer { inquiry?.whenDone = {} }
    var seen = ByteBuffer()
    while !isDecided(inquiry) {
      switch await stream.peek(into: &seen, beyond: seen.count, deadline: started + settings.greetWait) {
      case .timedOut: return true
      case .received(let count):
        if due.contains(.pregreet), !hasSpoken { guard await noteSpeech(seen, count) else { return false } }
      case .interrupted: if inquiry?.isDone != true { return false }
      case .endOfStream, .failed: return hungUp()
      }
    }
    return true
  }

  private func isDecided(_ inquiry: DNSBlocklistInquiry?) -> Bool {
    guard inquiry?.isDone ?? true else { return false }
    return !due.contains(.pregreet) || hasSpoken || inquiry?.isAllowlisted == true
  }

  /// Who speaks before the server has is no mail server.
  private mutating func noteSpeech(_ seen: borrowing ByteBuffer, _ count: Int) async -> Bool {
    hasSpoken = true
    log.info("postscreen", "PREGREET \(count) after \(elapsed) from \(name): \(seen.withReadable { EscapedText.of($0, atMost: 100) })")
    guard await survives(settings.greetAction, ScreeningReplies.protocolError) else { return false }
    if settings.greetAction == .enforce { refusal = ScreeningReplies.protocolError }
    return true
  }

  private mutating func judge(_ inquiry: DNSBlocklistInquiry, _ lists: DNSBlocklists) async -> Bool {
    if inquiry.score < lists.threshold {
      pass(.dnsbl, for: inquiry.timeToLive)
      if inquiry.isAllowlisted, !hasSpoken, refusal == nil { for test in ScreenTest.allCases { pass(test, for: inquiry.timeToLive) } }
      return true
    }
    log.info("postscreen", "DNSBL rank \(inquiry.score) for \(name)")
    let reply = ScreeningReplies.blocked("\(address)", by: inquiry.title)
    guard await survives(lists.action, reply) else { return false }
    if lists.action == .enforce { refusal = reply }
    return true
  }

  private mutating func pass(_ test: ScreenTest, for seconds: Int64) {
    passed.insert(test)
    passes[test] = max(passes[test], screen.clock() + seconds)
  }

  private func hungUp() -> Bool {
    log.info("postscreen", "HANGUP after \(elapsed) from \(name) in tests before SMTP handshake")
    log.info("postscreen", "DISCONNECT \(name)")
    return false
  }

  var elapsed: String { (stream.now - started).twoDigits }

  // MARK: Within the protocol

  /// Takes no mail, but says so recipient by recipient. Always false: the client must come again to be served.
  private mutating func refuse() async -> Bool {
    let tests = settings.deepTests.filter { due.contains(ScreenTest($0.key)) }
    var conversation = settings.conversation
    let hidden = conversation.hidden(address)
    if ground.tls == nil { conversation.tlsLevel = .none }
    conversation.keywords.removeAll { keyword in
      keyword == "STARTTLS" && conversation.tlsLevel == .none || hidden.contains(keyword.prefix { $0 != " " }.description)
    }
    var machine = ScreeningMachine(conversation, tests: tests, refusal: refusal)
    // Who did not wait for the greeting gets its answer at once.
    if !hasSpoken { guard await send("220 \(settings.banner)\r\n") else { return false } }
    await converse(with: &machine)
    for (test, outcome) in machine.results {
      let test = ScreenTest(test)
      switch outcome {
      case .passed: pass(test, for: settings.lifetimes[test] ?? 0)
      case .ignored: pass(test, for: settings.shortestLifetime)
      case .failed: refusal = ScreeningReplies.protocolError
      }
    }
    conclude()
    log.info("postscreen", "DISCONNECT \(name)")
    return false
  }

  /// Remembers what a client has passed that has failed nothing.
  private func conclude() {
    guard refusal == nil, !passed.isEmpty else { return }
    var passes = passes
    for test in ScreenTest.allCases where passes[test] == Passes.never && !settings.tests.contains(test) { passes[test] = Passes.notMade }
    screen.cache.remember(passes, for: address)
    if due.isSubset(of: passed) { log.info("postscreen", "PASS \(isNew ? "NEW" : "OLD") \(name)") }
  }

  /// False if the client is dropped, with the permanent form of `reply`.
  private func survives(_ consequence: Screen.Consequence, _ reply: Reply) async -> Bool {
    guard consequence == .drop else { return true }
    _ = await send(footed(Reply(521, reply.status, reply.text)))
    log.info("postscreen", "DISCONNECT \(name)")
    return false
  }

  func footed(_ reply: Reply) -> Reply { settings.footer?.added(to: reply, client: client, time: screen.clock() * 1_000_000) ?? reply }

  func send(_ reply: Reply) async -> Bool {
    var buffer = ByteBuffer()
    reply.write(to: &buffer)
    return await stream.write(&buffer, deadline: stream.now + .seconds(10)) == .written
  }

  private func send(_ text: String) async -> Bool {
    var buffer = ByteBuffer()
    buffer.append(Array(text.utf8))
    return await stream.write(&buffer, deadline: stream.now + .seconds(10)) == .written
  }
}
