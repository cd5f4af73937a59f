// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import Testing

/// A loop on a thread of its own, a scripted server, and the resolver between them.
final class Resolving: Sendable {
  let server: ScriptedServer
  let loop: EventLoop
  let names: UnboundNames
  private let thread: Thread

  init(
    servers: [ScriptedServer] = [], timeout: Duration = .seconds(5), hosts: String = "", maximumQuestions: Int = 4096, trustAnchors: [String] = [],
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    server = try servers.first ?? ScriptedServer()
    let loop = try EventLoop()
    self.loop = loop
    thread = try Thread(name: "loop") { loop.run() }
    let all = servers.isEmpty ? [server] : servers
    var configuration = ResolverConfiguration(servers: all.map { .init(.loopbackV4, port: $0.port) }, timeout: timeout)
    (configuration.proof, configuration.trustAnchors) = (.whereItCanBe, trustAnchors)
    names = UnboundNames(home: loop, configuration, hosts: HostsFile(hosts), maximumQuestions: maximumQuestions, report: report)
  }

  /// Asks from the home loop, and waits as a thread does: ThreadSanitizer does not see how Swift's own pool takes a task over from a loop.
  func answer(_ query: NameQuery, within limit: Duration? = nil) async -> Result<NameAnswer, NameFailure> {
    let answer = begin(query, within: limit)
    return answer.wait { $0 }
  }

  func begin(_ query: NameQuery, within limit: Duration? = nil) -> Monitor<Result<NameAnswer, NameFailure>?> {
    let answer = Monitor<Result<NameAnswer, NameFailure>?>(nil)
    loop.spawn {
      let value = await self.names.fullAnswer(query, within: limit)
      answer.withLock { $0 = value }
      answer.signal()
    }
    return answer
  }

  func records(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await answer(query).map(\.records) }

  /// Ends all; no task may be left.
  func finish() {
    let deadline = Instant.now() + .seconds(10)
    while loop.liveTasks > 0, Instant.now() < deadline { Thread.sleep(.milliseconds(5)) }
    #expect(loop.liveTasks == 0)
    loop.stop()
    thread.join()
    names.close()
    server.stop()
  }
}

extension Result {
  var isTemporary: Bool {
    guard case .failure(let error) = self, case .temporary? = error as? NameFailure else { return false }
    return true
  }
}

@Suite(.serialized) struct UnboundNamesTests {
  let address: [UInt8] = [192, 0, 2, 1]

  @Test func recordsOfEachType() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("a.test", .records([address, [192, 0, 2, 2]], ttl: 77))
    dns.server.script("aaaa.test", .records([[0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]]))
    dns.server.script("mx.test", .records([[0, 10] + wire("a.test"), [0, 20] + wire("B.test")]))
    dns.server.script("1.2.0.192.in-addr.arpa", .records([wire("host.test")]))
    dns.server.script("txt.test", .records([[2] + Array("ab".utf8) + [1] + Array("c".utf8)]))
    dns.server.script("ns.test", .records([wire("ns1.test")]))
    dns.server.script("soa.test", .records([wire("ns1.test") + wire("root.test") + [0, 0, 0, 7] + [UInt8](repeating: 0, count: 16)]))
    dns.server.script("_25._tcp.mx.test", .records([[3, 1, 1, 0xab, 0xcd]]))
    let first = try await dns.answer(.a("a.test")).get()
    #expect(Set(first.records) == [.address(IPAddress(v4: 0xc000_0201)), .address(IPAddress(v4: 0xc000_0202))])
    #expect(!first.isSecure)
    #expect(first.timeToLive.map { (70...77).contains($0) } == true)
    #expect(try await dns.records(.aaaa("aaaa.test")).get() == [.address(try #require(IPAddress("2001:db8::1")))])
    #expect(
      try await Set(dns.records(.mx("mx.test")).get()) == [.exchanger(preference: 10, host: "a.test"), .exchanger(preference: 20, host: "B.test")])
    #expect(try await dns.records(.ptr(IPAddress(v4: 0xc000_0201))).get() == [.pointer("host.test")])
    #expect(try await dns.records(.txt("txt.test")).get() == [.text(Array("abc".utf8))])
    #expect(try await dns.records(.ns("ns.test")).get() == [.server("ns1.test")])
    #expect(try await dns.records(.soa("soa.test")).get() == [.authority(server: "ns1.test", contact: "root.test", serial: 7)])
    #expect(try await dns.records(.tlsa("_25._tcp.mx.test")).get() == [.certificate(usage: 3, selector: 1, matching: 1, data: [0xab, 0xcd])])
  }

  @Test func anAnswerIsAskedForOnce() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("a.test", .records([address]))
    for _ in 0..<10 { #expect(try await dns.records(.a("a.test")).get().count == 1) }
    #expect(dns.server.asked("a.test").count == 1)
  }

  @Test func failuresAreKeptApart() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("empty.test", .records([]))
    dns.server.script("broken.test", .code(2))
    dns.server.script("refused.test", .code(5))
    #expect(await dns.records(.a("gone.test")) == .failure(.notFound))
    #expect(await dns.records(.mx("empty.test")) == .failure(.notFound))
    #expect(await dns.records(.a("broken.test")).isTemporary)
    #expect(await dns.records(.a("refused.test")).isTemporary)
  }

  @Test(arguments: ["", ".", "a..test", "a b.test", "a\\.test", "\u{e4}.test", "a\u{0}.test", String(repeating: "a", count: 64) + ".test"])
  func whatIsNoNameIsNotAsked(name: String) async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.answerOthers(.records([address]))
    #expect(await dns.records(.a(name)) == .failure(.notFound))
    #expect(dns.server.asked().isEmpty)
  }

  @Test func dataThatMakesNoSenseIsNoAnswer() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("odd.test", .records([[1, 2, 3]]))
    #expect(await dns.records(.a("odd.test")).isTemporary)
  }

  @Test func whatIsCutShortIsAskedForByTCP() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("big.test", .truncated((0..<200).map { [192, 0, 3, UInt8($0)] }))
    #expect(try await dns.records(.a("big.test")).get().count == 200)
    #expect(dns.server.asked("big.test").map(\.isTCP) == [false, true])
  }

  @Test func hostsComeFirst() async throws {
    let dns = try Resolving(hosts: "127.0.0.1 localhost\n192.0.2.9 Box.test box # comment\n::1 localhost\n")
    defer { dns.finish() }
    #expect(try await dns.records(.a("box.TEST")).get() == [.address(IPAddress(v4: 0xc000_0209))])
    #expect(try await dns.records(.ptr(IPAddress(v4: 0xc000_0209))).get() == [.pointer("Box.test")])
    #expect(try await dns.records(.ptr(.loopbackV4)).get() == [.pointer("localhost")])
    #expect(try await dns.records(.aaaa("localhost")).get() == [.address(.loopbackV6)])
    // Which has no other addresses than those in the file.
    #expect(await dns.records(.aaaa("box.test")) == .failure(.notFound))
    #expect(dns.server.asked().isEmpty)
  }

  @Test func aSilentServerCostsLittleOnceItIsKnown() async throws {
    let dns = try Resolving(timeout: .seconds(2))
    defer { dns.finish() }
    dns.server.answerOthers(.silence)
    var waits: [Duration] = []
    for index in 0..<4 {
      let begin = Instant.now()
      #expect(await dns.records(.a("x\(index).test")).isTemporary)
      waits.append(Instant.now() - begin)
    }
    #expect(waits[0] < .seconds(3))
    #expect(waits.dropFirst().allSatisfy { $0 < .seconds(1) }, "\(waits)")
    dns.server.answerOthers(.records([address]))
    let back = Instant.now()
    var index = 0
    while await dns.records(.a("y\(index).test")).isTemporary, Instant.now() - back < .seconds(20) {
      index += 1
      Thread.sleep(.milliseconds(100))
    }
    #expect(Instant.now() - back < .seconds(15))
  }

  @Test func aSlowAnswerIsWaitedForIfTheServerLives() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("fast.test", .records([address]))
    dns.server.script("slow.test", .after(.milliseconds(1500), .records([address])))
    #expect(try await dns.records(.a("fast.test")).get().count == 1)
    #expect(try await dns.records(.a("slow.test")).get().count == 1)
  }

  @Test func aServerThatWasNeverAskedIsWaitedForIfItLives() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("slow.test", .after(.milliseconds(1500), .records([address])))
    #expect(try await dns.records(.a("slow.test")).get().count == 1)
  }

  @Test func aServerThatDiesIsNotWaitedForLong() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("fast.test", .records([address]))
    #expect(try await dns.records(.a("fast.test")).get().count == 1)
    dns.server.script("", .silence)
    dns.server.answerOthers(.silence)
    let begin = Instant.now()
    #expect(await dns.records(.a("other.test")).isTemporary)
    // Its time is five seconds; it lets a second pass in which it does not even say that it is there.
    #expect(Instant.now() - begin < .seconds(4))
  }

  @Test func whereNothingCanBeProvedAnswersAreTakenAsTheyCome() async throws {
    let reports = Monitor<[String]>([])
    let dns = try Resolving(trustAnchors: [". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"]) { text in
      reports.withLock { $0.append(text) }
    }
    defer { dns.finish() }
    dns.server.answerOthers(.records([address]))
    let answer = try await dns.answer(.a("a.test")).get()
    #expect(answer.records.count == 1 && !answer.isSecure)
    #expect(reports.withLock { $0 } == ["127.0.0.1@\(dns.server.port): no DNSSEC; answers are taken unproved"])
  }

  @Test func whoIsInAHurryWaitsNoLonger() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.script("slow.test", .after(.milliseconds(600), .records([address])))
    let begin = Instant.now()
    #expect(await dns.answer(.a("slow.test"), within: .milliseconds(100)).isTemporary)
    #expect(Instant.now() - begin < .milliseconds(500))
    // The question went on without us: its answer is in the cache.
    Thread.sleep(.milliseconds(900))
    #expect(try await dns.records(.a("slow.test")).get().count == 1)
    #expect(dns.server.asked("slow.test").count == 1)
  }

  @Test func theNextServerIsAskedInOrder() async throws {
    let servers = try [ScriptedServer(), ScriptedServer(), ScriptedServer()]
    let dns = try Resolving(servers: servers, timeout: .seconds(1))
    defer {
      dns.finish()
      servers[1].stop()
      servers[2].stop()
    }
    for (index, server) in servers.enumerated() { server.answerOthers(.records([[192, 0, 2, UInt8(index)]])) }
    #expect(try await dns.records(.a("a.test")).get() == [.address(IPAddress(v4: 0xc000_0200))])
    #expect(servers[1].asked().isEmpty)
    servers[0].script("b.test", .code(2))
    #expect(try await dns.records(.a("b.test")).get() == [.address(IPAddress(v4: 0xc000_0201))])
    servers[0].answerOthers(.silence)
    #expect(try await dns.records(.a("c.test")).get() == [.address(IPAddress(v4: 0xc000_0201))])
    // Known to be silent, it is no longer the first.
    let asked = servers[0].asked("d.test").count
    #expect(try await dns.records(.a("d.test")).get() == [.address(IPAddress(v4: 0xc000_0201))])
    #expect(servers[0].asked("d.test").count == asked)
    #expect(servers[2].asked().isEmpty)
  }

  @Test func otherServersTakeOverAndQuestionsUnderWayEnd() async throws {
    let other = try ScriptedServer()
    let dns = try Resolving()
    defer {
      dns.finish()
      other.stop()
    }
    dns.server.script("slow.test", .after(.milliseconds(600), .records([address])))
    other.answerOthers(.records([[192, 0, 2, 77]]))
    let slow = dns.begin(.a("slow.test"))
    while dns.server.asked("slow.test").isEmpty { Thread.sleep(.milliseconds(5)) }
    dns.names.use(ResolverConfiguration(servers: [.init(.loopbackV4, port: other.port)]))
    #expect(try await dns.records(.a("new.test")).get() == [.address(IPAddress(v4: 0xc000_024d))])
    #expect(try slow.wait { $0 }.get().records == [.address(IPAddress(v4: 0xc000_0201))])
    #expect(dns.server.asked("new.test").isEmpty)
  }

  @Test func aThousandQuestionsAtOnceFromTwoLoops() async throws {
    let dns = try Resolving()
    let second = try EventLoop()
    let thread = try Thread(name: "loop-2") { second.run() }
    defer {
      second.stop()
      thread.join()
      dns.finish()
    }
    dns.server.answerOthers(.records([address]))
    let answered = Monitor(0)
    for index in 0..<1000 {
      (index % 2 == 0 ? dns.loop : second).spawn {
        // A machine that stands still for long enough ends a question; it is asked again then.
        var isGood = false
        for _ in 0..<10 where !isGood { isGood = await dns.names.answer(.a("n\(index).test")) == .success([.address(IPAddress(v4: 0xc000_0201))]) }
        answered.withLock { $0 += isGood ? 1 : 0 }
        answered.signal()
      }
    }
    #expect(answered.wait(timeout: .seconds(120)) { $0 == 1000 ? $0 : nil } == 1000)
    #expect(Set(dns.server.asked().map(\.name)).count == 1000)
  }

  /// Deadlines that pass just when answers come: each question ends once, whichever is first.
  @Test func deadlinesAndAnswersRace() async throws {
    let dns = try Resolving()
    defer { dns.finish() }
    dns.server.answerOthers(.after(.milliseconds(20), .records([address])))
    let ended = Monitor(0)
    for index in 0..<300 {
      dns.loop.spawn {
        _ = await dns.names.fullAnswer(.a("n\(index).test"), within: .milliseconds(5 + index % 60))
        ended.withLock { $0 += 1 }
        ended.signal()
      }
    }
    #expect(ended.wait(timeout: .seconds(30)) { $0 == 300 ? $0 : nil } == 300)
  }

  @Test func questionsAreBounded() async throws {
    let dns = try Resolving(timeout: .seconds(1), maximumQuestions: 3)
    defer { dns.finish() }
    dns.server.answerOthers(.silence)
    let results = Monitor<[Result<[NameRecord], NameFailure>]>([])
    for index in 0..<4 {
      dns.loop.spawn {
        let result = await dns.names.answer(.a("n\(index).test"))
        results.withLock { $0.append(result) }
        results.signal()
      }
    }
    let first = results.wait { $0.first }
    #expect(first == .failure(.temporary("too many questions at once")))
    #expect(results.wait(timeout: .seconds(10)) { $0.count == 4 ? true : nil } == true)
  }
}
