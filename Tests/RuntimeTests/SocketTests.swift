// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Synchronization
import Testing

@Suite struct SocketTests {
  /// Serves echoes on `address` from the loop of `fixture`; answers where it listens.
  private func serveEchoes(_ fixture: LoopFixture, _ descriptor: Int32) {
    let loop = fixture.loop
    fixture.run {
      do {
        let listener = try Listener(descriptor, on: loop) { connection, _ in
          loop.spawn { await Self.echo(connection, loop) }
        } failed: { _ in
        }
        // It lives as long as the loop.
        _ = Unmanaged.passRetained(listener)
      } catch {
        Issue.record(error)
      }
    }
  }

  private static func echo(_ connection: Int32, _ loop: EventLoop) async {
    guard let stream = try? SocketStream(connection, on: loop) else { return }
    defer { stream.close() }
    var buffer = ByteBuffer()
    while case .received = await stream.read(into: &buffer, deadline: .never) {
      guard await stream.write(&buffer, deadline: .never) == .written else { return }
    }
  }

  @Test(arguments: [1, 100, 65_536, 1_000_000])
  func bytesComeBack(size: Int) throws {
    let server = try LoopFixture()
    let client = try LoopFixture()
    let listening = try ListeningSocket.open(SocketAddress(.loopbackV4, port: 0), backlog: 16)
    serveEchoes(server, listening)
    let address = try ListeningSocket.address(of: listening)
    let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let loop = client.loop
    let received: [UInt8] = client.run {
      guard let descriptor = try? ConnectingSocket.open(address), let stream = try? SocketStream(descriptor, on: loop) else { return [] }
      defer { stream.close() }
      var received = ByteBuffer()
      var offset = 0
      while offset < sent.count {
        var output = ByteBuffer()
        output.append(Array(sent[offset..<min(offset + 50_000, sent.count)]))
        let wanted = offset + output.count
        guard await stream.write(&output, deadline: .never) == .written else { return [] }
        while received.count < wanted {
          guard case .received = await stream.read(into: &received, deadline: .never) else { return received.array() }
        }
        offset = wanted
      }
      return received.array()
    }
    #expect(received == sent)
    #expect(client.finish() == 0)
    _ = server.finish()
    closeDescriptor(listening)
  }

  @Test func aReadEndsAtItsDeadline() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let pair = try SocketPair()
    let outcome = fixture.run {
      guard let stream = try? SocketStream(pair.left, on: loop) else { return ReadOutcome.endOfStream }
      defer { stream.close() }
      var buffer = ByteBuffer()
      return await stream.read(into: &buffer, deadline: loop.now + .milliseconds(20))
    }
    #expect(outcome == .timedOut)
    #expect(fixture.finish() == 0)
    closeDescriptor(pair.right)
  }

  @Test func anInterruptedReadSaysSo() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let pair = try SocketPair()
    let outcomes = fixture.run {
      guard let stream = try? SocketStream(pair.left, on: loop) else { return [ReadOutcome]() }
      defer { stream.close() }
      var buffer = ByteBuffer()
      stream.interrupt()
      let first = await stream.read(into: &buffer, deadline: .never)
      let second = await stream.read(into: &buffer, deadline: loop.now + .milliseconds(5))
      return [first, second]
    }
    #expect(outcomes == [.interrupted, .timedOut])
    #expect(fixture.finish() == 0)
    closeDescriptor(pair.right)
  }

  @Test func theEndOfTheStreamIsSeen() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let pair = try SocketPair()
    closeDescriptor(pair.right)
    let outcome = fixture.run {
      guard let stream = try? SocketStream(pair.left, on: loop) else { return ReadOutcome.timedOut }
      defer { stream.close() }
      var buffer = ByteBuffer()
      return await stream.read(into: &buffer, deadline: .never)
    }
    #expect(outcome == .endOfStream)
    #expect(fixture.finish() == 0)
  }
}
