// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// The tests of one connection before it gets a session, as Postfix's postscreen makes and logs them.
package struct Screening<Stream: ByteStream> {
  private let screen: Screen
  private let stream: Stream
  private let log: Log
  private let address: IPAddress
  /// `[192.0.2.1]:4711`.
  private let name: String
  private let started: Instant

  package init(_ screen: Screen, stream: Stream, log: Log, client: Client, address: IPAddress) {
    self.screen = screen
    self.stream = stream
    self.log = log
    self.address = address
    name = Self.name(address, client.port)
    started = stream.now
    let destination = client.destination.map { Self.name($0.address, $0.port) } ?? "[unknown]:unknown"
    log.info("postscreen", "CONNECT from \(name) to \(destination)")
  }

  private static func name(_ address: IPAddress, _ port: UInt16) -> String { "[\(address)]:\(port)" }

  /// True if the client may have a session; else it has had its answers, and the connection is to be closed.
  @inline(never) package func admits() async -> Bool {
    switch screen.settings.access(address) {
    case .permit:
      log.info("postscreen", "ALLOWLISTED \(name)")
      return true
    case .reject:
      log.info("postscreen", "DENYLISTED \(name)")
      guard await survives(screen.settings.denylistAction, with: Self.blocked) else { return false }
      if screen.settings.denylistAction == .enforce { return await converse(refusal: Self.blocked) }
    case .unknown: break
    }
    return await test()
  }

  private static var blocked: Reply { Reply(550, EnhancedStatus(5, 3, 2), "Service currently unavailable") }

  // MARK: Tests before the greeting

  private func test() async -> Bool {
    if screen.settings.makesNoTests { return true }
    let known = screen.passes(of: address, now: stream.now)
    var passes = known ?? Screen.Passes()
    let needsGreet = !screen.settings.greetBanner.isEmpty && passes.greet <= stream.now
    let needsList = screen.settings.dnsbl != nil && passes.dnsbl <= stream.now
    let needsDeep = !screen.settings.tests.isEmpty && passes.deep <= stream.now
    guard needsGreet || needsList || needsDeep else { return conclude(isNew: false) }
    var refusal: Reply?
    var isClean = true
    var hasSpoken = false
    if needsGreet {
      switch await greet() {
      case .gone: return false
      case .waited: passes.greet = stream.now + screen.settings.greetTTL
      case .spoke:
        isClean = false
        hasSpoken = true
        guard await survives(screen.settings.greetAction, with: ScreeningMachine.pregreetRefusal(screen.settings.greetAction)) else { return false }
        if screen.settings.greetAction == .enforce { refusal = ScreeningMachine.pregreetRefusal(.enforce) }
      }
    }
    if needsList, let lists = screen.settings.dnsbl {
      let (rank, title) = await lists.score(of: address)
      if rank < lists.threshold {
        passes.dnsbl = stream.now + lists.ttl
      } else {
        isClean = false
        log.info("postscreen", "DNSBL rank \(rank) for \(name)")
        let reply = blocked(by: title)
        guard await survives(lists.action, with: reply) else { return false }
        if lists.action == .enforce { refusal = refusal ?? reply }
      }
    }
    screen.remember(passes, for: address)
    if refusal != nil || needsDeep { return await converse(refusal: refusal, passes: passes, isNew: known == nil, hasSpoken: hasSpoken) }
    // A failure that is to be ignored: it gets its session, and the test again the next time.
    return isClean ? conclude(isNew: known == nil) : true
  }

  private func blocked(by title: String) -> Reply {
    Reply(550, EnhancedStatus(5, 7, 1), "Service unavailable; client [\(address)] blocked using \(title)")
  }

  private func conclude(isNew: Bool) -> Bool {
    log.info("postscreen", "PASS \(isNew ? "NEW" : "OLD") \(name)")
    return true
  }

  private enum Greeting { case waited, spoke, gone }

  /// The greet delay: who speaks before the server has is no mail server.
  private func greet() async -> Greeting {
    guard await send("220-\(screen.settings.greetBanner)\r\n") else { return hungUp() }
    var seen = ByteBuffer()
    switch await stream.peek(into: &seen, beyond: 0, deadline: started + screen.settings.greetWait) {
    case .timedOut: return .waited
    case .received(let count):
      let text = seen.withReadable { EscapedText.of($0.slice(0, 100)) }
      log.info("postscreen", "PREGREET \(count) after \(elapsed) from \(name): \(text)")
      return .spoke
    case .interrupted: return .gone
    case .endOfStream, .failed: return hungUp()
    }
  }

  private func hungUp() -> Greeting {
    log.info("postscreen", "HANGUP after \(elapsed) from \(name) in tests before SMTP handshake")
    log.info("postscreen", "DISCONNECT \(name)")
    return .gone
  }

  private var elapsed: String { (stream.now - started).twoDigits }

  /// False if the client is dropped, with the permanent form of `reply`.
  private func survives(_ consequence: Screen.Consequence, with reply: Reply) async -> Bool {
    guard consequence == .drop else { return true }
    _ = await send("521 \(reply.status.map { "\($0) " } ?? "")\(reply.text)\r\n")
    log.info("postscreen", "DISCONNECT \(name)")
    return false
  }

  private func send(_ text: String) async -> Bool {
    var buffer = ByteBuffer()
    buffer.append(Array(text.utf8))
    return await stream.write(&buffer, deadline: stream.now + .seconds(10)) == .written
  }

  // MARK: Within the protocol

  /// Takes no mail, but says so recipient by recipient. Always false: the client must come again to be served.
  ///
  /// `hasSpoken`: the client did not wait for the greeting, so it gets its answer at once.
  private func converse(refusal: Reply?, passes: Screen.Passes = Screen.Passes(), isNew: Bool = false, hasSpoken: Bool = false) async -> Bool {
    let settings = screen.settings
    let tests = refusal == nil ? settings.tests : ScreeningMachine.Tests()
    var machine = ScreeningMachine(host: settings.host, heloRequired: settings.heloRequired, tests: tests, refusal: refusal)
    if !hasSpoken { guard await send("220 \(settings.banner)\r\n") else { return false } }
    await converse(with: &machine)
    if machine.hasPassed {
      var passes = passes
      passes.deep = stream.now + settings.testTTL
      screen.remember(passes, for: address)
      log.info("postscreen", "PASS \(isNew ? "NEW" : "OLD") \(name)")
    }
    log.info("postscreen", "DISCONNECT \(name)")
    return false
  }

  private func converse(with machine: inout ScreeningMachine) async {
    var input = ByteBuffer()
    var framer = LineFramer(maximumLength: 2048)
    let deadline = stream.now + screen.settings.commandTime
    while true {
      switch input.withReadable({ framer.next(in: $0) }) {
      case .line(let length, let consumed, let isBare):
        let answer = input.withReadable { bytes in
          machine.lineReceived(bytes.slice(0, length), isBareNewline: isBare, hasMoreInput: bytes.count > consumed)
        }
        input.consume(consumed)
        guard await give(answer) else { return }
      case .tooLong(let consumed), .skip(let consumed): input.consume(consumed)
      case .needMore:
        switch await stream.read(into: &input, deadline: deadline) {
        case .received: continue
        case .timedOut: return _ = await give(machine.timedOut())
        case .interrupted: return
        case .endOfStream, .failed:
          return log.info("postscreen", "HANGUP after \(elapsed) from \(name) in tests after SMTP handshake")
        }
      }
    }
  }

  /// False when that was the last.
  private func give(_ answer: ScreeningMachine.Answer) async -> Bool {
    for notice in answer.notices { log.info("postscreen", notice.replacing("%", with: name, maxReplacements: 1)) }
    var buffer = ByteBuffer()
    answer.reply.write(to: &buffer)
    let isWritten = await stream.write(&buffer, deadline: stream.now + .seconds(10)) == .written
    return isWritten && !answer.closes
  }
}

/// Bytes of a client as one printable line, in C's escapes.
enum EscapedText {
  static func of(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.flatMap(escaped), as: UTF8.self)
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    switch byte {
    case 0x0a: Array(#"\n"#.utf8)
    case 0x0d: Array(#"\r"#.utf8)
    case 0x09: Array(#"\t"#.utf8)
    case 0x5c: Array(#"\\"#.utf8)
    case 0x20..<0x7f: [byte]
    default: [0x5c, 0x30 + (byte >> 6), 0x30 + (byte >> 3 & 7), 0x30 + (byte & 7)]
    }
  }
}

extension Duration {
  /// Seconds as Postfix writes delays: two digits that count, no zeros at the end: `0.14`, `1.1`, `12`, `0`.
  var twoDigits: String {
    let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
    if hundredths >= 1000 { return String(hundredths / 100) }
    let rounded = hundredths >= 100 ? hundredths / 10 * 10 : hundredths
    let (whole, part) = (rounded / 100, rounded % 100)
    if part == 0 { return String(whole) }
    let digits = part < 10 ? "0\(part)" : String(part)
    return "\(whole).\(digits.hasSuffix("0") ? String(digits.dropLast()) : digits)"
  }
}
