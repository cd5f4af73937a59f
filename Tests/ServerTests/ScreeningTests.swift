// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Names
import Runtime
import SMTP
import Server
import Synchronization
import Testing

@Suite struct ScreeningTests {
  private let loop = EmbeddedLoop()

  /// One connection from 192.0.2.1; nil while the tests go on.
  private final class Connection: Sendable {
    let stream: MemoryStream
    private let result = Mutex<Bool?>(nil)

    init(_ loop: EmbeddedLoop, _ screen: Screen, address: String = "192.0.2.1", destination: String? = nil) throws {
      stream = MemoryStream(on: loop)
      let own = destination.flatMap { IPAddress($0) }.map { Client.Endpoint($0, port: 25) }
      let ip = try #require(IPAddress(address))
      let client = Client(address: ip, names: Client.Names(Client.unknown), port: 4711, destination: own)
      let log = try Log(try Folder.openLog("/dev/null", owner: nil), style: .classic, host: "mx")
      loop.spawn { [self] in
        let ground = Screening<MemoryStream>.Ground(stream: stream, log: log, spawn: { loop.spawn($0) })
        var screening = Screening(screen, on: ground, client: client, address: ip)
        let isAdmitted = await screening.admits()
        result.withLock { $0 = isAdmitted }
      }
      loop.runUntilIdle()
    }

    var isAdmitted: Bool? { result.withLock { $0 } }

    func say(_ loop: EmbeddedLoop, _ line: String) -> String {
      stream.send(line + "\r\n")
      loop.runUntilIdle()
      return stream.takeOutput()
    }
  }

  private func screen(capacity: Int = 10, _ change: (inout Screen.Settings) -> Void = { _ in }) -> Screen {
    var settings = Screen.Settings()
    settings.conversation.host = "mx.example.com"
    settings.banner = "mx.example.com ESMTP"
    settings.greetBanner = "mx.example.com"
    change(&settings)
    return Screen(settings, cache: PassCache(capacity: capacity), clock: { [loop] in loop.now.seconds })
  }

  @Test func whoWaitsIsAdmittedAndRemembered() throws {
    let screen = screen()
    let first = try Connection(loop, screen)
    #expect(first.stream.takeOutput() == "220-mx.example.com\r\n")
    loop.advance(by: .milliseconds(5999))
    #expect(first.isAdmitted == nil)
    loop.advance(by: .milliseconds(1))
    #expect(first.isAdmitted == true)
    let second = try Connection(loop, screen)
    #expect(second.isAdmitted == true)
    #expect(second.stream.takeOutput() == "")
    loop.advance(by: .seconds(86_401))
    let later = try Connection(loop, screen)
    #expect(later.isAdmitted == nil)
    loop.advance(by: .seconds(6))
    #expect(later.isAdmitted == true && loop.liveTasks == 0)
  }

  @Test func whoSpeaksFirstIsOnlyLogged() throws {
    let screen = screen()
    for _ in 0..<2 {
      let connection = try Connection(loop, screen)
      connection.stream.send("EHLO x\r\n")
      loop.runUntilIdle()
      #expect(connection.isAdmitted == true)
    }
  }

  @Test func whoSpeaksFirstIsDropped() throws {
    let connection = try Connection(loop, screen { $0.greetAction = .drop })
    #expect(connection.say(loop, "EHLO x") == "220-mx.example.com\r\n521 5.5.1 Protocol error\r\n")
    #expect(connection.isAdmitted == false)
  }

  @Test func whoSpeaksFirstGetsNowhere() throws {
    let connection = try Connection(loop, screen { $0.greetAction = .enforce })
    #expect(connection.say(loop, "EHLO x").hasPrefix("220-mx.example.com\r\n250 mx.example.com\r\n"))
    #expect(connection.say(loop, "MAIL FROM:<>") == "250 2.1.0 Ok\r\n")
    #expect(connection.say(loop, "RCPT TO:<b@example.com>") == "550 5.5.1 Protocol error\r\n")
    #expect(connection.isAdmitted == nil)
    #expect(connection.say(loop, "QUIT") == "221 2.0.0 Bye\r\n")
    #expect(connection.isAdmitted == false && loop.liveTasks == 0)
  }

  @Test func aConversationHasItsTime() throws {
    let connection = try Connection(loop, screen { $0.greetAction = .enforce })
    _ = connection.say(loop, "EHLO x")
    loop.advance(by: .seconds(299))
    #expect(connection.isAdmitted == nil)
    loop.advance(by: .seconds(1))
    #expect(connection.stream.takeOutput() == "421 4.4.2 mx.example.com Error: timeout exceeded\r\n")
    #expect(connection.isAdmitted == false)
  }

  @Test func whoHangsUpIsGone() throws {
    let connection = try Connection(loop, screen())
    connection.stream.end()
    loop.runUntilIdle()
    #expect(connection.isAdmitted == false && loop.liveTasks == 0)
  }

  @Test func accessLists() throws {
    let friend = screen { $0.access = { _ in .permit } }
    #expect(try Connection(loop, friend).isAdmitted == true)
    let dropped = try Connection(loop, screen { ($0.access, $0.denylistAction) = ({ _ in .reject }, .drop) })
    #expect(dropped.isAdmitted == false && dropped.stream.takeOutput() == "521 5.3.2 Service currently unavailable\r\n")
    let enforced = try Connection(loop, screen { ($0.access, $0.denylistAction) = ({ _ in .reject }, .enforce) })
    loop.advance(by: .seconds(6))
    #expect(enforced.say(loop, "MAIL FROM:<>") == "220-mx.example.com\r\n220 mx.example.com ESMTP\r\n250 2.1.0 Ok\r\n")
    #expect(enforced.say(loop, "RCPT TO:<b@example.com>") == "550 5.3.2 Service currently unavailable\r\n")
    let ignored = try Connection(loop, screen { $0.access = { _ in .reject } })
    #expect(ignored.isAdmitted == nil)
  }

  @Test func withoutATestNobodyWaits() throws {
    let connection = try Connection(loop, screen { $0.greetBanner = "" })
    #expect(connection.isAdmitted == true && connection.stream.takeOutput() == "")
  }

  @Test func theClientsRememberedAreBounded() throws {
    let screen = screen(capacity: 1)
    for address in ["192.0.2.1", "192.0.2.2"] { _ = try Connection(loop, screen, address: address) }
    loop.advance(by: .seconds(6))
    let first = try Connection(loop, screen, address: "192.0.2.1")
    let second = try Connection(loop, screen, address: "192.0.2.2")
    #expect([first.isAdmitted, second.isAdmitted].contains(true) && [first.isAdmitted, second.isAdmitted].contains(nil))
  }

  /// Lists that know some names, and answer after a while.
  private struct Lists: NameService {
    let names: Set<String>
    var delay = Duration.zero
    var timeToLive: Int?
    let loop: EmbeddedLoop

    func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { .failure(.unsupported) }

    func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> Result<NameAnswer, NameFailure> {
      if delay > .zero { await loop.sleep(until: loop.now + delay) }
      guard case .a(let name) = query, names.contains(name) else { return .failure(.notFound) }
      return .success(NameAnswer([.address(IPAddress(v4: 0x7f00_0002))], timeToLive: timeToLive))
    }
  }

  private func lists(_ listed: [String], delay: Duration = .zero, timeToLive: Int? = nil) -> DNSBlocklists {
    let sites = [("bad.example", 2), ("worse.example", 3), ("good.example", -4)].map { domain, weight in
      DNSBlocklists.Site(domain: domain, question: { "\($0).\(domain)" }, entries: [({ !$0.isEmpty }, weight)], title: domain)
    }
    let names = Set(listed.map { "192.0.2.1.\($0).example" })
    var lists = DNSBlocklists(sites: sites, names: Lists(names: names, delay: delay, timeToLive: timeToLive, loop: loop))
    lists.threshold = 3
    lists.action = .drop
    return lists
  }

  @Test(
    arguments: [
      (["bad"], true), (["bad", "worse"], false), (["worse"], false), (["bad", "worse", "good"], true), ([], true),
    ] as [([String], Bool)])
  func listsAreWeighed(listed: [String], isAdmitted: Bool) throws {
    let connection = try Connection(loop, screen { $0.dnsbl = lists(listed) })
    loop.advance(by: .seconds(6))
    #expect(connection.isAdmitted == isAdmitted)
    if !isAdmitted {
      #expect(
        connection.stream.takeOutput() == "220-mx.example.com\r\n521 5.7.1 Service unavailable; client [192.0.2.1] blocked using worse.example\r\n")
    }
    #expect(loop.liveTasks == 0)
  }

  @Test func listsAreAskedTogether() throws {
    let screen = screen {
      $0.dnsbl = lists(["worse"], delay: .seconds(2))
      $0.greetBanner = ""
    }
    let connection = try Connection(loop, screen)
    loop.advance(by: .milliseconds(1999))
    #expect(connection.isAdmitted == nil)
    loop.advance(by: .milliseconds(1))
    #expect(connection.isAdmitted == false && loop.liveTasks == 0)
  }

  @Test func aListThatIsLateDoesNotCount() throws {
    let connection = try Connection(loop, screen { $0.dnsbl = lists(["worse"], delay: .seconds(7)) })
    loop.advance(by: .seconds(6))
    #expect(connection.isAdmitted == true)
    loop.advance(by: .seconds(1))
    #expect(loop.liveTasks == 0)
  }

  @Test func whoIsWellSpokenOfDoesNotWait() throws {
    let screen = screen {
      $0.dnsbl = lists(["good"], delay: .seconds(1), timeToLive: 90)
      $0.dnsbl?.allowlistThreshold = -1
      $0.deepTests = [.pipelining: .enforce]
    }
    let first = try Connection(loop, screen)
    loop.advance(by: .seconds(1))
    #expect(first.isAdmitted == true)
    loop.advance(by: .seconds(89))
    #expect(try Connection(loop, screen).isAdmitted == true)
    loop.advance(by: .seconds(2))
    let later = try Connection(loop, screen)
    #expect(later.isAdmitted == nil)
    loop.advance(by: .seconds(1))
    #expect(later.isAdmitted == true)
  }

  @Test func whoHangsUpLeavesItsQuestionsBehind() throws {
    let connection = try Connection(loop, screen { $0.dnsbl = lists([], delay: .seconds(3)) })
    connection.stream.end()
    loop.runUntilIdle()
    #expect(connection.isAdmitted == false)
    loop.advance(by: .seconds(3))
    #expect(loop.liveTasks == 0)
  }

  @Test func whereNobodyCanPass() throws {
    let screen = screen { $0.mayPassAt = { _ in false } }
    let destination = try Connection(loop, screen, destination: "192.0.2.25")
    loop.advance(by: .seconds(6))
    _ = destination.say(loop, "MAIL FROM:<>")
    #expect(destination.say(loop, "RCPT TO:<b@example.com>") == "450 4.3.2 Service currently unavailable\r\n")
  }
}

extension Instant {
  fileprivate var seconds: Int64 { Int64(nanoseconds / 1_000_000_000) }
}
