// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import Testing

@testable import Runtime

@Suite struct TLSSessionTests {
  let folder = TemporaryFolder()

  func server(_ kind: Identity.Kind = .p256, _ change: (inout TLSServerSettings) throws -> Void = { _ in }) throws -> TLSServerContext {
    var settings = TLSServerSettings(files: folder.write(Identity("mx.example.org", kind), as: "server"))
    try change(&settings)
    return try TLSServerContext(settings)
  }

  func client(_ protocols: String = ">=TLSv1") throws -> TLSClientContext {
    try TLSClientContext(verification: .none, protocols: TLSProtocols(protocols))
  }

  func established(_ protocols: String = ">=TLSv1", bufferSize: Int32? = nil) throws -> Pair {
    let pair = try Pair(server(), client(protocols), bufferSize: bufferSize)
    #expect(pair.handshake() == (.done, .done))
    return pair
  }

  @Test(arguments: ["TLSv1.3", "TLSv1.2"])
  func handshakeAndBothDirections(version: String) throws {
    let pair = try established(version)
    #expect(pair.client.write("EHLO a\r\n") == .bytes(8))
    #expect(pair.server.readText() == "EHLO a\r\n")
    #expect(pair.server.write("250 b\r\n") == .bytes(7))
    #expect(pair.client.readText() == "250 b\r\n")
    #expect(pair.server.read().0 == .wantRead)
  }

  @Test func handshakeSaysWhatItWaitsFor() throws {
    let pair = try Pair(server(), client())
    #expect(pair.server.handshake() == .wantRead)
    #expect(pair.client.handshake() == .wantRead)
    #expect(pair.server.handshake() == .wantRead)
    #expect(pair.client.handshake() == .done)
    #expect(pair.server.handshake() == .done)
    #expect(pair.server.handshake() == .done)
  }

  @Test func emptyBuffersAreNoError() throws {
    let pair = try established()
    #expect(pair.server.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == .bytes(0))
    #expect(pair.server.write(UnsafeRawBufferPointer(start: nil, count: 0)) == .bytes(0))
    #expect(pair.client.write("x") == .bytes(1))
    #expect(pair.server.readText() == "x")
  }

  @Test func whatWasNotReadIsPending() throws {
    let pair = try established()
    #expect(pair.client.write("0123456789") == .bytes(10))
    #expect(pair.client.write("abc") == .bytes(3))
    #expect(pair.server.read(limit: 4).1 == Array("0123".utf8))
    #expect(pair.server.pending == 6)
    #expect(pair.server.read(limit: 100).1 == Array("456789".utf8))
    #expect(pair.server.hasPending)
    #expect(pair.server.readText() == "abc")
    #expect(pair.server.read().0 == .wantRead)
    #expect(!pair.server.hasPending)
  }

  @Test func closeNotifyIsTheEnd() throws {
    let pair = try established()
    #expect(pair.client.write("QUIT") == .bytes(4))
    #expect(pair.client.shutdown() == .done)
    #expect(pair.server.readText() == "QUIT")
    #expect(pair.server.read().0 == .closed)
    #expect(pair.server.write("221") == .bytes(3))
    #expect(pair.server.shutdown() == .done)
    #expect(pair.client.readText() == "221")
    #expect(pair.client.read().0 == .closed)
  }

  @Test(arguments: ["TLSv1.3", "TLSv1.2"])
  func anEndWithoutCloseNotifyIsTruncation(version: String) throws {
    let pair = try established(version)
    #expect(pair.client.write("DATA") == .bytes(4))
    Glibc.shutdown(pair.descriptors.client, Int32(SHUT_WR))
    #expect(pair.server.readText() == "DATA")
    #expect(pair.server.read().0 == .failed(.connectionLost))
    #expect(pair.server.shutdown() == .done)
  }

  @Test func anEndWithinTheHandshakeIsALostConnection() throws {
    let pair = try Pair(server(), client())
    #expect(pair.client.handshake() == .wantRead)
    Glibc.shutdown(pair.descriptors.client, Int32(SHUT_RDWR))
    let error = try #require(pair.server.handshake().error)
    #expect(error == .connectionLost || error == .system(SystemError(code: EPIPE, operation: "TLS")))
  }

  @Test func writingToAPeerThatIsGoneIsAnError() throws {
    let pair = try established()
    Glibc.shutdown(pair.descriptors.server, Int32(SHUT_WR))
    #expect(pair.server.write("x") == .failed(.system(SystemError(code: EPIPE, operation: "TLS"))))
    #expect(pair.server.shutdown() == .done)
  }

  @Test func clearTextIsRefused() throws {
    let pair = try Pair(server(), client())
    #expect(Glibc.write(pair.descriptors.client, "EHLO example.org\r\n", 18) == 18)
    let text = try #require(pair.server.handshake().error).description
    #expect(text.hasPrefix("error:") && text.contains("SSL routines"))
  }

  @Test func damagedRecordsAreRefused() throws {
    let pair = try established()
    let record: [UInt8] = [0x17, 3, 3, 0, 32] + Array(repeating: 0x55, count: 32)
    #expect(Glibc.write(pair.descriptors.client, record, record.count) == record.count)
    let text = try #require(pair.server.read().0.error).description
    #expect(text.contains("bad record mac"))
  }

  @Test func oneSessionsErrorIsNotTheNextOnes() throws {
    let (bad, good) = (try Pair(server(), client()), try established())
    #expect(Glibc.write(bad.descriptors.client, "garbage garbage", 15) == 15)
    _ = bad.server.handshake()
    #expect(good.server.read().0 == .wantRead)
    ERR_new()
    ERR_set_debug("", 0, "")
    #expect(good.server.read().0 == .wantRead)
  }

  @Test(arguments: ["TLSv1.3", "TLSv1.2"])
  func bigTransfersThroughSmallSocketBuffers(version: String) throws {
    let pair = try established(version, bufferSize: 4608)
    let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
    #expect(pump(sent, from: pair.client, to: pair.server) == sent)
    #expect(pump(sent, from: pair.server, to: pair.client) == sent)
  }

  /// Writes until the socket is full, each time from another place in memory, then lets the other side read.
  private func pump(_ sent: [UInt8], from source: TLSSession, to target: TLSSession) -> [UInt8] {
    var offset = 0
    var received: [UInt8] = []
    var blocked = false
    for _ in 0..<1_000_000 where received.count < sent.count {
      while offset < sent.count {
        let copy = Array(sent[offset..<min(sent.count, offset + 40_000)])
        guard case .bytes(let count) = copy.withUnsafeBytes({ source.write($0) }) else { break }
        offset += count
      }
      blocked = blocked || offset < sent.count
      while case (.bytes, let bytes) = target.read(limit: 10_000) { received += bytes }
    }
    #expect(blocked)
    return received
  }

  @Test func keyUpdatesAreLimited() throws {
    let pair = try established()
    for _ in 0..<COPENSSL_MAX_KEY_UPDATES {
      #expect(SSL_key_update(pair.client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
      #expect(pair.client.handshake() == .done)
      #expect(pair.server.read().0 == .wantRead)
    }
    #expect(pair.client.write("x") == .bytes(1))
    #expect(pair.server.readText() == "x")
    #expect(SSL_key_update(pair.client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
    #expect(pair.client.write("y") == .bytes(1))
    #expect(pair.server.read().0 == .bytes(1))
    #expect(pair.server.read().0 == .failed(.library("too many key updates")))
    #expect(pair.server.shutdown() == .done)
  }

  @Test func sessionsLeaveNothingBehind() throws {
    let counter = FreedCounter()
    for _ in 0..<3 {
      let pair = try established()
      counter.watch(pair.server.ssl)
      counter.watch(pair.client.ssl)
    }
    let unfinished = try Pair(server(), client())
    counter.watch(unfinished.server.ssl)
    #expect(counter.freed == 6)
  }
}

/// Counts the SSL objects that it watches when OpenSSL frees them.
private final class FreedCounter {
  private let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
  private let index: Int32

  init() {
    count.initialize(to: 0)
    index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nil, nil, nil, countFreed)
  }

  deinit {
    CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, index)
    count.deallocate()
  }

  var freed: Int { count.pointee }

  func watch(_ ssl: OpaquePointer) { SSL_set_ex_data(ssl, index, count) }
}

private func countFreed(
  _ parent: UnsafeMutableRawPointer?, _ value: UnsafeMutableRawPointer?, _ data: UnsafeMutablePointer<CRYPTO_EX_DATA>?, _ index: Int32,
  _ argumentLong: Int, _ argument: UnsafeMutableRawPointer?
) {
  value?.assumingMemoryBound(to: Int.self).pointee += 1
}
