// SPDX-License-Identifier: Apache-2.0
import Glibc
import Runtime

/// A name server on loopback, UDP and TCP, that says what a test wants.
final class ScriptedServer: Sendable {
  enum Answer: Sendable {
    /// Records of the type asked for, as data.
    case records([[UInt8]], ttl: UInt32 = 300)
    /// Any other code: 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
    case code(UInt8)
    case silence
    /// By UDP only the flag, by TCP these records.
    case truncated([[UInt8]])
    indirect case after(Duration, Answer)
  }

  struct Question: Hashable, Sendable {
    let name: String
    let type: UInt16
    let isTCP: Bool
  }

  private struct State {
    var script: [String: Answer] = [:]
    var fallback = Answer.code(3)
    var asked: [Question] = []
    var stopping = false
  }

  let port: UInt16
  private let state = Monitor(State())
  private let udp: Int32
  private let tcp: Int32

  init() throws {
    var opened: (UInt16, Int32, Int32)?
    for _ in 0..<100 where opened == nil { opened = Self.open(UInt16.random(in: 20000..<32000)) }
    guard let opened else { throw SystemError(code: EADDRINUSE, operation: "bind") }
    (port, udp, tcp) = opened
    try Thread(name: "dns-udp") { self.serveUDP() }.detach()
    try Thread(name: "dns-tcp") { self.serveTCP() }.detach()
  }

  func stop() {
    state.withLock { $0.stopping = true }
    shutdown(udp, Int32(SHUT_RDWR))
    shutdown(tcp, Int32(SHUT_RDWR))
    close(udp)
    close(tcp)
  }

  func script(_ name: String, _ answer: Answer) { state.withLock { $0.script[name] = answer } }
  func answerOthers(_ answer: Answer) { state.withLock { $0.fallback = answer } }

  /// Questions for `name`, or all but those for the root, which are the resolver's own.
  func asked(_ name: String? = nil) -> [Question] {
    state.withLock { state in state.asked.filter { name == nil ? $0.name != "" : $0.name == name } }
  }

  private static func open(_ port: UInt16) -> (UInt16, Int32, Int32)? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(udp, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && bind(tcp, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isBound, listen(tcp, 16) == 0 { return (port, udp, tcp) }
    close(udp)
    close(tcp)
    return nil
  }

  private func serveUDP() {
    var size: Int32 = 4 << 20
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &size, 4)
    while true {
      var packet = [UInt8](repeating: 0, count: 2048)
      var peer = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &peer) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(udp, &packet, packet.count, 0, $0, &length) }
      }
      guard count > 0 else { return }
      answer(Array(packet.prefix(count)), isTCP: false) { [udp, peer] reply in
        var peer = peer
        withUnsafePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = sendto(udp, reply, reply.count, Int32(MSG_NOSIGNAL), $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
    }
  }

  /// One connection after the other is enough.
  private func serveTCP() {
    while true {
      let connection = accept(tcp, nil, nil)
      guard connection >= 0 else { return }
      var head = [UInt8](repeating: 0, count: 2)
      while recv(connection, &head, 2, Int32(MSG_WAITALL)) == 2 {
        var packet = [UInt8](repeating: 0, count: Int(head[0]) << 8 | Int(head[1]))
        guard recv(connection, &packet, packet.count, Int32(MSG_WAITALL)) == packet.count else { break }
        answer(packet, isTCP: true) { reply in
          let framed = [UInt8(reply.count >> 8), UInt8(reply.count & 0xff)] + reply
          _ = send(connection, framed, framed.count, Int32(MSG_NOSIGNAL))
        }
      }
      close(connection)
    }
  }

  private func answer(_ query: [UInt8], isTCP: Bool, _ send: @escaping @Sendable ([UInt8]) -> Void) {
    guard let (question, end) = Self.question(query, isTCP: isTCP) else { return }
    let answer = state.withLock { state in
      state.asked.append(question)
      return state.script[question.name] ?? state.fallback
    }
    reply(answer, query, end, question, send)
  }

  private func reply(_ answer: Answer, _ query: [UInt8], _ end: Int, _ question: Question, _ send: @escaping @Sendable ([UInt8]) -> Void) {
    switch answer {
    case .silence: return
    case .code(let code): send(Self.packet(query, end, question, code: code, [], ttl: 0))
    case .records(let records, let ttl): send(Self.packet(query, end, question, code: 0, records, ttl: ttl))
    case .truncated(let records): send(Self.packet(query, end, question, code: 0, question.isTCP ? records : [], ttl: 300, isCut: !question.isTCP))
    case .after(let delay, let answer):
      let later = try? Thread(name: "dns-later") {
        Thread.sleep(delay)
        if !self.state.withLock({ $0.stopping }) { self.reply(answer, query, end, question, send) }
      }
      later?.detach()
    }
  }

  private static func question(_ query: [UInt8], isTCP: Bool) -> (Question, Int)? {
    var labels: [String] = []
    var index = 12
    while index < query.count, query[index] != 0 {
      let end = index + 1 + Int(query[index])
      guard end < query.count else { return nil }
      labels.append(String(decoding: query[(index + 1)..<end], as: UTF8.self))
      index = end
    }
    guard index + 5 <= query.count else { return nil }
    return (Question(name: labels.joined(separator: "."), type: UInt16(query[index + 1]) << 8 | UInt16(query[index + 2]), isTCP: isTCP), index + 5)
  }

  private static func packet(
    _ query: [UInt8], _ end: Int, _ question: Question, code: UInt8, _ records: [[UInt8]], ttl: UInt32, isCut: Bool = false
  ) -> [UInt8] {
    var packet = [query[0], query[1], 0x81 | (isCut ? 2 : 0), 0x80 | code, 0, 1] + word(UInt16(records.count)) + [0, 0, 0, 0]
    packet += query[12..<end]
    for data in records {
      packet += [0xc0, 12] + word(question.type) + [0, 1] + word(UInt16(ttl >> 16)) + word(UInt16(ttl & 0xffff)) + word(UInt16(data.count)) + data
    }
    return packet
  }

  private static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
}

/// A domain name on the wire.
func wire(_ name: String) -> [UInt8] {
  name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}
