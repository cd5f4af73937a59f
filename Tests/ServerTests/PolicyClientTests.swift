// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Restrictions
import Runtime
import Testing

@testable import Server

/// Connections that the test plays by hand, on the embedded loop's clock.
private final class ScriptedGround: PolicyGround, @unchecked Sendable {
  let loop = EmbeddedLoop()
  /// Every connection begun, in order.
  var streams: [MemoryStream] = []
  /// Those that nobody takes.
  var refused: Set<PolicyEndpoint> = []
  var places: [PolicyEndpoint] = [.unix(path: "/policy")]

  var now: Instant { loop.now }
  func endpoints(of address: PolicyServer.Address) async -> Result<[PolicyEndpoint], PolicyFailure> { .success(places) }
  func open(_ endpoint: PolicyEndpoint) -> Result<any ByteStream, SystemError> {
    if refused.contains(endpoint) { return .failure(SystemError(code: 111, operation: "connect")) }
    let stream = MemoryStream(on: loop)
    streams.append(stream)
    return .success(stream)
  }
  func pause(until deadline: Instant) async { await loop.sleep(until: deadline) }
  func schedule(at deadline: Instant, _ body: @escaping () -> Void) {
    nonisolated(unsafe) let body = body
    loop.wake(at: deadline) { body() }
  }
}

@Suite struct PolicyClientTests {
  private let ground = ScriptedGround()
  let answers = Monitor<[Result<String, PolicyFailure>]>([])
  var server = PolicyServer(.unix(path: "/policy"))

  private func client(_ maximum: Int = 64) -> PolicyClient { PolicyClient(on: ground, maximumConnections: maximum) }

  private func ask(_ client: PolicyClient, _ attributes: [(name: String, value: String)] = [("request", "smtpd_access_policy")]) {
    let (server, answers) = (server, answers)
    ground.loop.spawn {
      let answer = await client.ask(server, attributes)
      answers.withLock { $0.append(answer) }
    }
    ground.loop.runUntilIdle()
  }

  private func say(_ text: String, on index: Int = 0) {
    ground.streams[index].send(text)
    ground.loop.runUntilIdle()
  }

  private func takeAnswers() -> [Result<String, PolicyFailure>] {
    answers.withLock { answers in
      defer { answers = [] }
      return answers
    }
  }

  @Test func aRequestAndItsAnswer() {
    ask(client(), [("request", "smtpd_access_policy"), ("sender", "a@b\nrecipient=x\r\u{0}"), ("empty", "")])
    #expect(ground.streams[0].takeOutput() == "request=smtpd_access_policy\nsender=a@b?recipient=x??\nempty=\n\n")
    for byte in "other=1\naction=defer_if_permit Greylisted = yes\n\n" { say(String(byte)) }
    #expect(takeAnswers() == [.success("defer_if_permit Greylisted = yes")])
    #expect(ground.loop.liveTasks == 0)
  }

  @Test func aConnectionIsKept() {
    let client = client()
    for _ in 0..<3 {
      ask(client)
      say("action=dunno\n\n")
    }
    #expect(takeAnswers() == Array(repeating: .success("dunno"), count: 3))
    #expect(ground.streams.count == 1)
    ground.loop.advance(by: .seconds(299))
    #expect(!ground.streams[0].isClosed)
    ground.loop.advance(by: .seconds(1))
    #expect(ground.streams[0].isClosed)
  }

  @Test mutating func aConnectionEndsAtItsTime() {
    server.maxTTL = 400
    let client = client()
    for _ in 0..<4 {
      ask(client)
      say("action=dunno\n\n")
      ground.loop.advance(by: .seconds(100))
    }
    #expect(ground.streams[0].isClosed)
    ask(client)
    #expect(ground.streams.count == 2)
    say("action=ok\n\n", on: 1)
    #expect(takeAnswers().last == .success("ok"))
  }

  @Test mutating func aConnectionTakesSoManyRequests() {
    server.requestLimit = 2
    let client = client()
    for number in 0..<4 {
      ask(client)
      say("action=dunno\n\n", on: number / 2)
    }
    #expect(ground.streams.map(\.isClosed) == [true, true])
    #expect(takeAnswers().count == 4)
  }

  @Test func oneThatTheServerClosedIsReplacedAtOnce() {
    let client = client()
    ask(client)
    say("action=dunno\n\n")
    ground.streams[0].end()
    ask(client)
    #expect(ground.streams.count == 2)
    say("action=ok\n\n", on: 1)
    #expect(takeAnswers() == [.success("dunno"), .success("ok")])
  }

  @Test func parallelRequestsHaveConnectionsOfTheirOwn() {
    let client = client(2)
    for _ in 0..<3 { ask(client) }
    #expect(ground.streams.count == 2)
    say("action=b\n\n", on: 1)
    // The third got its turn on the connection that became free.
    #expect(ground.streams.count == 2)
    say("action=c\n\n", on: 1)
    say("action=a\n\n", on: 0)
    #expect(takeAnswers() == [.success("b"), .success("c"), .success("a")])
  }

  @Test mutating func whoGetsNoTurnFails() {
    server.timeout = 10
    server.tryLimit = 1
    let client = client(1)
    ask(client)
    ground.loop.advance(by: .seconds(1))
    ask(client)
    ask(client)
    ground.loop.advance(by: .seconds(10))
    let timeout = PolicyFailure("timeout while waiting for the answer")
    #expect(takeAnswers() == [.failure(timeout), .failure(PolicyFailure("too many requests at once")), .failure(timeout)])
    #expect(ground.loop.liveTasks == 0)
  }

  @Test func failuresAreTriedAgainLater() {
    let client = client()
    ask(client)
    ground.streams[0].end()
    ground.loop.runUntilIdle()
    #expect(ground.streams.count == 1)
    ground.loop.advance(by: .seconds(1))
    #expect(ground.streams.count == 2)
    say("action=ok\n\n", on: 1)
    #expect(takeAnswers() == [.success("ok")])
  }

  @Test func afterTheLastTryItIsSaidWhy() {
    let client = client()
    ground.refused = [.unix(path: "/policy")]
    ask(client)
    ground.loop.advance(by: .seconds(1))
    #expect(takeAnswers() == [.failure(PolicyFailure("connect: Connection refused"))])
    #expect(ground.streams.isEmpty)
  }

  @Test func theNextAddressIsTried() throws {
    let first = PolicyEndpoint.ip(SocketAddress(.loopbackV6, port: 1))
    ground.places = [first, .ip(SocketAddress(.loopbackV4, port: 1))]
    ground.refused = [first]
    ask(client())
    say("action=ok\n\n")
    #expect(takeAnswers() == [.success("ok")])
  }

  @Test mutating func answersThatAreNone() {
    server.tryLimit = 1
    for (text, reason) in [
      ("\n", "the answer has no action"), ("Action=ok\nxaction=1\n\n", "the answer has no action"),
      (String(repeating: "a", count: PolicyText.maximumAnswer + 1), "the answer is too long"),
    ] {
      ask(client())
      say(text, on: ground.streams.count - 1)
      #expect(takeAnswers() == [.failure(PolicyFailure(reason))])
      #expect(ground.streams.last?.isClosed == true)
    }
  }

  @Test func whatIsSaidUnaskedIsNoAnswer() {
    let client = client()
    ask(client)
    say("action=ok\n\naction=permit\n\n")
    #expect(ground.streams[0].isClosed)
    ask(client)
    #expect(ground.streams.count == 2)
    say("action=reject\n\n", on: 1)
    #expect(takeAnswers() == [.success("ok"), .success("reject")])
  }

  @Test mutating func anAnswerMustComeInTime() {
    server.timeout = 5
    server.tryLimit = 1
    ask(client())
    ground.loop.advance(by: .seconds(4))
    say("action=o")
    ground.loop.advance(by: .seconds(1))
    #expect(takeAnswers() == [.failure(PolicyFailure("timeout while waiting for the answer"))])
    #expect(ground.streams[0].isClosed)
  }
}
