// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc
import Testing

@testable import Runtime

/// `SocketStream` on a loop as the server; the client is a session on a blocking socket.
@Suite struct SecuredStreamTests {
  let folder = TemporaryFolder()
  let pool = BlockingPool(name: "handshakes", threads: 1, queue: 4)

  func context(_ kind: Identity.Kind) throws -> TLSServerContext {
    try TLSServerContext(TLSServerSettings(files: folder.write(Identity("mx.example.org", kind), as: "server")), pool: pool)
  }

  /// Serves one connection to its end; `result` gets what the handshake came to.
  private func serve(_ descriptor: Int32, _ context: TLSServerContext, _ result: Monitor<Result<TLSFacts, TLSError>?>) throws -> (
    EventLoop, Runtime.Thread
  ) {
    let loop = try EventLoop()
    loop.spawn {
      await Self.echo(descriptor, loop, context, result)
      loop.stop()
    }
    return (loop, try Runtime.Thread(name: "loop") { loop.run() })
  }

  private static func echo(
    _ descriptor: Int32, _ loop: EventLoop, _ context: TLSServerContext, _ result: Monitor<Result<TLSFacts, TLSError>?>
  ) async {
    guard let stream = try? SocketStream(descriptor, on: loop) else { return }
    defer { stream.close() }
    let outcome = await stream.startTLS(context, deadline: loop.now + .seconds(30))
    result.withLock { $0 = outcome }
    guard case .success = outcome, loop.isCurrent else { return }
    var buffer = ByteBuffer()
    while case .received = await stream.read(into: &buffer, deadline: loop.now + .seconds(30)) {
      guard await stream.write(&buffer, deadline: loop.now + .seconds(30)) == .written else { return }
    }
  }

  private func sockets() throws -> (server: Int32, client: Int32) {
    signal(SIGPIPE, SIG_IGN)
    var both: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &both) == 0 else { throw SystemError.last("socketpair") }
    _ = fcntl(both[0], F_SETFL, O_NONBLOCK)
    return (both[0], both[1])
  }

  /// Both ends on loops: the client's side of `startTLS`.
  @Test func streamsTalkToEachOther() throws {
    let context = try context(.p256)
    let pair = try SocketPair()
    let result = Monitor<Result<TLSFacts, TLSError>?>(nil)
    let (server, serverThread) = try serve(pair.left, context, result)
    let client = try EventLoop()
    let answer = Monitor<[UInt8]?>(nil)
    let settings = try TLSClientContext(verification: .none, protocols: TLSProtocols("TLSv1.3"))
    client.spawn {
      let echo = await Self.converse(pair.right, client, settings)
      answer.withLock { $0 = echo }
      client.stop()
    }
    client.run()
    serverThread.join()
    #expect(answer.withLock { $0 } == Array("hello".utf8))
    #expect(try result.withLock { $0 }?.get().protocolVersion == "TLSv1.3")
    #expect(client.liveTasks == 0 && server.liveTasks == 0)
    pool.stop()
  }

  private static func converse(_ descriptor: Int32, _ loop: EventLoop, _ settings: TLSClientContext) async -> [UInt8] {
    guard let stream = try? SocketStream(descriptor, on: loop) else { return [] }
    defer { stream.close() }
    let deadline = loop.now + .seconds(30)
    guard case .success = await stream.startTLS(settings, serverName: "mx.example.org", deadline: deadline) else { return [] }
    var output = ByteBuffer()
    output.append("hello" as String)
    guard await stream.write(&output, deadline: deadline) == .written else { return [] }
    var input = ByteBuffer()
    while input.count < 5, case .received = await stream.read(into: &input, deadline: deadline) {}
    return input.array()
  }

  @Test(arguments: [(Identity.Kind.p256, "TLSv1.3"), (.p256, "TLSv1.2"), (.rsa2048, "TLSv1.3"), (.rsa2048, "TLSv1.2")])
  func bytesComeBack(kind: Identity.Kind, version: String) throws {
    let context = try context(kind)
    #expect((context.handshakePool != nil) == (kind == .rsa2048))
    let (server, client) = try sockets()
    let result = Monitor<Result<TLSFacts, TLSError>?>(nil)
    let (loop, thread) = try serve(server, context, result)
    let session = try TLSSession(
      client: TLSClientContext(verification: .none, protocols: TLSProtocols(version)), descriptor: client, serverName: nil)
    #expect(session.handshake() == .done)
    for size in [1, 16_384, 100_000] {
      let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      #expect(echoed(sent, by: session) == sent)
    }
    session.shutdown()
    thread.join()
    #expect(try result.withLock { $0 }?.get().protocolVersion == version)
    #expect(loop.liveTasks == 0)
    close(client)
    pool.stop()
  }

  private func echoed(_ sent: [UInt8], by session: TLSSession) -> [UInt8] {
    var received: [UInt8] = []
    for start in stride(from: 0, to: sent.count, by: 16_384) {
      let piece = Array(sent[start..<min(sent.count, start + 16_384)])
      #expect(piece.withUnsafeBytes { session.write($0) } == .bytes(piece.count))
      while received.count < start + piece.count {
        guard case (.bytes, let bytes) = session.read() else { return received }
        received += bytes
      }
    }
    return received
  }

  @Test func expensiveHandshakesNeedThePool() throws {
    let context = try context(.rsa2048)
    pool.stop()
    let (server, client) = try sockets()
    let result = Monitor<Result<TLSFacts, TLSError>?>(nil)
    let (_, thread) = try serve(server, context, result)
    thread.join()
    #expect(result.withLock { $0 } == .failure(.library("too many handshakes at once")))
    close(client)
  }

  @Test(arguments: [Identity.Kind.p256, .rsa2048])
  func aHandshakeHasADeadline(kind: Identity.Kind) throws {
    let context = try context(kind)
    let (server, client) = try sockets()
    let loop = try EventLoop()
    let result = Monitor<Result<TLSFacts, TLSError>?>(nil)
    loop.spawn {
      guard let stream = try? SocketStream(server, on: loop) else { return loop.stop() }
      let outcome = await stream.startTLS(context, deadline: loop.now + .milliseconds(20))
      stream.close()
      result.withLock { $0 = outcome }
      loop.stop()
    }
    loop.run()
    #expect(result.withLock { $0 } == .failure(.system(SystemError(code: ETIMEDOUT, operation: "TLS handshake"))))
    close(client)
    pool.stop()
  }
}
