// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc
import Runtime
import Testing

/// Sinks that are sockets: they go away, come back, are slow, and are never waited for.
@Suite struct LogSocketTests {
  /// A socket that takes datagrams, at a path of its own.
  private final class Receiver {
    let path: String
    private var descriptor: Int32 = -1

    init(path: String) {
      self.path = path
      open()
    }

    deinit { close() }

    func open() {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
      }
      #expect(result == 0)
    }

    func close() {
      _ = Glibc.close(descriptor)
      unlink(path)
    }

    /// The next datagram; nil when none comes.
    func next(_ milliseconds: Int32 = 3000) -> String? {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, milliseconds) > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &bytes, bytes.count, 0)
      return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
  }

  private static func path(_ name: String) -> String { "/tmp/weir-log-\(getpid())-\(name)" }

  @Test func syslogGetsADatagramForEachLine() throws {
    let receiver = Receiver(path: Self.path("syslog"))
    let log = try Log(LogSettings(host: "mx", sinks: [.syslog(path: receiver.path, facility: 2)]), name: "postfix")
    log.info("smtpd", "one")
    log.warning("smtpd", "two")
    #expect(receiver.next()?.hasSuffix(" postfix/smtpd[\(getpid())]: one") == true)
    #expect(receiver.next()?.hasPrefix("<20>") == true)
  }

  @Test func aReceiverThatWasReplacedGetsTheRest() throws {
    let receiver = Receiver(path: Self.path("again"))
    let log = try Log(LogSettings(host: "mx", sinks: [.syslog(path: receiver.path, facility: 2)]), name: "postfix")
    log.info("smtpd", "one")
    #expect(receiver.next()?.hasSuffix("one") == true)
    receiver.close()
    log.info("smtpd", "two")
    log.flush()
    receiver.open()
    #expect(receiver.next()?.hasSuffix("two") == true)
  }

  /// Far more than the receiver's queue and ours hold: nobody waits, and the losses are told.
  @Test func whatASlowReceiverLosesIsCounted() throws {
    let receiver = Receiver(path: Self.path("slow"))
    let log = try Log(LogSettings(host: "mx", sinks: [.syslog(path: receiver.path, facility: 2)]), name: "postfix")
    let text = String(repeating: "x", count: 4000)
    let began = Instant.now()
    for _ in 0..<2000 { log.info("smtpd", text) }
    #expect(Instant.now() - began < .seconds(5))
    var (taken, lost) = (0, 0)
    while let line = receiver.next(1000) {
      if line.hasSuffix(text) { taken += 1 }
      if let count = line.firstMatch(of: /warning: (\d+) log lines lost/) { lost += Int(count.1) ?? 0 }
    }
    #expect(taken > 0 && lost > 0 && taken + lost == 2000)
  }

  @Test func readersOfTheEventSocketGetWhatHappensFromThenOn() throws {
    let path = Self.path("events")
    let log = try Log(LogSettings(host: "mx", sinks: [], events: try EventSocket(path: path)), name: "postfix")
    log.info("smtpd", "before")
    log.flush()
    let reader = try BlockingStream.connect(path: path)
    var input = ByteBuffer()
    // When the reader has been let in is not for it to know.
    repeat { log.info("smtpd", "after") } while reader.read(into: &input, timeout: .milliseconds(50)) == .timedOut
    let text = String(decoding: input.array(), as: UTF8.self)
    #expect(text.contains("\"message\":\"after\"}\n") && !text.contains("before"))
    #expect(try reader.peerPID() == getpid())
  }

  /// The slow one is let go, and the others hear of it.
  @Test func aSlowReaderIsDropped() throws {
    let path = Self.path("slow-reader")
    let file = try SealedMemory.open("log")
    let log = try Log(LogSettings(host: "mx", sinks: [.descriptor(file, .classic, .classic)], events: try EventSocket(path: path)), name: "postfix")
    let reader = try BlockingStream.connect(path: path)
    let text = String(repeating: "x", count: 10_000)
    for _ in 0..<100 {
      for _ in 0..<20 { log.info("smtpd", text) }
      log.flush()
      if String(decoding: try SealedMemory.read(file).suffix(2000), as: UTF8.self).contains("reads too slowly") { break }
    }
    log.flush()
    let isTold = try SealedMemory.read(file).split(separator: 0x0a).contains {
      String(decoding: $0, as: UTF8.self).contains("reads too slowly and is let go; 1 so far")
    }
    #expect(isTold)
    var input = ByteBuffer()
    var outcome = reader.read(into: &input, timeout: .seconds(1))
    while case .received = outcome { outcome = reader.read(into: &input, timeout: .seconds(1)) }
    if case .timedOut = outcome { Issue.record("the reader still waits") }
    closeDescriptor(file)
  }
}
