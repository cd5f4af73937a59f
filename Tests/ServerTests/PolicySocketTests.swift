// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Restrictions
import Runtime
import Server
import Testing

/// `PolicyClient` over real sockets: a server on a thread of its own, which answers each request with the number of the connection it came over.
@Suite(.serialized) struct PolicySocketTests {
  private static func serve(_ listening: Int32, connections: Int) throws -> Thread {
    try Thread(name: "policy") {
      for number in 1...connections {
        guard case .some(.some(let stream)) = try? BlockingStream.accept(from: listening, timeout: .seconds(10)) else { return }
        var input = ByteBuffer()
        // Three requests, then it closes.
        for _ in 0..<3 {
          while !input.array().starts(with: Array("request=smtpd_access_policy\n\n".utf8)) {
            guard case .received = stream.read(into: &input, timeout: .seconds(10)) else { return }
          }
          input.removeAll()
          _ = Array("action=connection \(number)\n\n".utf8).withUnsafeBytes { stream.write($0, timeout: .seconds(10)) }
        }
      }
    }
  }

  /// Asks so many times, one after the other.
  private static func ask(_ server: PolicyServer, times: Int) throws -> [Result<String, PolicyFailure>] {
    let loop = try EventLoop()
    let thread = try Thread(name: "loop") { loop.run() }
    let answers = Monitor<[Result<String, PolicyFailure>]>([])
    loop.spawn {
      let client = PolicyClient(on: LoopPolicyGround(loop, names: NoNames()))
      for _ in 0..<times {
        let answer = await client.ask(server, [("request", "smtpd_access_policy")])
        answers.withLock { $0.append(answer) }
        answers.signal()
      }
      client.closeIdle()
    }
    let all = answers.wait(timeout: .seconds(30)) { $0.count == times ? $0 : nil }
    loop.stop()
    thread.join()
    return all ?? []
  }

  @Test func byTCP() throws {
    let listening = try ListeningSocket.open(SocketAddress(.loopbackV4, port: 0), backlog: 4)
    defer { closeDescriptor(listening) }
    let port = try ListeningSocket.address(of: listening).port
    let thread = try Self.serve(listening, connections: 2)
    let answers = try Self.ask(PolicyServer(.tcp(host: "127.0.0.1", port: port)), times: 5)
    #expect(answers == [1, 1, 1, 2, 2].map { .success("connection \($0)") })
    thread.join()
  }

  @Test func whereNobodyListens() throws {
    let listening = try ListeningSocket.open(SocketAddress(.loopbackV4, port: 0), backlog: 1)
    let port = try ListeningSocket.address(of: listening).port
    closeDescriptor(listening)
    var server = PolicyServer(.tcp(host: "127.0.0.1", port: port))
    server.tryLimit = 1
    guard case .failure(let failure)? = try Self.ask(server, times: 1).first else {
      Issue.record("an answer from nobody")
      return
    }
    #expect(failure.reason.contains("Connection refused"))
    server = PolicyServer(.unix(path: "/nowhere/policy"))
    server.tryLimit = 1
    #expect(try Self.ask(server, times: 1) == [.failure(PolicyFailure("connect to /nowhere/policy: No such file or directory"))])
    server = PolicyServer(.tcp(host: "policy.test", port: 1))
    server.tryLimit = 1
    #expect(try Self.ask(server, times: 1) == [.failure(PolicyFailure("host policy.test has no address"))])
  }
}

private struct NoNames: NameService {
  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { .failure(.notFound) }
}
