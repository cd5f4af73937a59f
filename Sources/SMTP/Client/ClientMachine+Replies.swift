// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What each reply means.
extension ClientMachine {
  mutating func replyReceived(_ given: ServerReply, into output: inout ByteBuffer) -> ClientAction {
    var reply = given
    guard let expectation = expected.popFirst() else { return fail(reply.code == 421 ? .refused(reply) : .notSMTP) }
    // RFC 5321 §3.8: 421 may answer any command, and ends the session.
    if reply.code == 421 { return sessionEnded(reply, command(of: expectation)) }
    // Nothing more would be sent, so 354 is no yes: who took it for one would lose the message.
    if expectation.isOfTransaction, (300..<400).contains(reply.code) { reply = reply.outOfPlace }
    switch expectation {
    case .greeting: return greeted(reply, into: &output)
    case .hello(let isExtended): return introduced(reply, isExtended, into: &output)
    case .startTLS: return reply.code == 220 ? .startTLS : .tlsRefused(reply)
    case .auth: return authenticationAnswered(reply)
    case .probe: return reply.isNegative ? fail(.refused(reply)) : .ready
    // That the server is told no more of the client is no reason not to give it the message.
    case .reset, .forward: return proceed(into: &output)
    case .mail: senderAnswered(reply)
    case .recipient(let index):
      if outcomes[index] == nil { outcomes[index] = ClientAnswer(reply, to: .recipient) }
    case .data: return dataAnswered(reply, into: &output)
    case .end(let index?): outcomes[index] = ClientAnswer(reply, to: .end)
    case .end(nil): settle(reply, .end)
    case .quit:
      isOver = true
      return .closed
    }
    return proceed(into: &output)
  }

  private mutating func sessionEnded(_ reply: ServerReply, _ command: ClientCommand) -> ClientAction {
    guard message != nil else { return fail(.refused(reply)) }
    // Who was taken and has no answer of the end yet is as much refused as who was not reached.
    outcomes = outcomes.map { $0?.reply.isNegative == true || $0?.command == .end ? $0 : ClientAnswer(reply, to: command) }
    isOver = true
    return complete()
  }

  private mutating func greeted(_ reply: ServerReply, into output: inout ByteBuffer) -> ClientAction {
    guard reply.code == 220 else { return fail(.refused(reply)) }
    serverName = String(reply.texts.first?.split(separator: " ").first ?? "")
    let speaksExtended = reply.words.split { $0 == " " || $0 == "\n" }.contains { $0.uppercased() == "ESMTP" }
    let isExtended =
      switch rules.hello {
      case .extended: true
      case .whereGreeted: speaksExtended || rules.service == .lmtp
      case .plain: rules.service == .lmtp
      }
    greet(isExtended: isExtended, into: &output)
    return .receive
  }

  mutating func greet(isExtended: Bool, into output: inout ByteBuffer) {
    output.append(rules.service == .lmtp ? "LHLO " : isExtended ? "EHLO " : "HELO ")
    output.append(rules.heloName)
    output.append("\r\n")
    expected.append(.hello(isExtended: isExtended))
  }

  private mutating func introduced(_ reply: ServerReply, _ isExtended: Bool, into output: inout ByteBuffer) -> ClientAction {
    if reply.code != 250 {
      guard isExtended, rules.service == .smtp else { return fail(.refused(reply)) }
      // RFC 5321 §3.2: a server that knows no EHLO is greeted as before there was one.
      greet(isExtended: false, into: &output)
      return .receive
    }
    if isExtended { extensions = ServerExtensions(reply, ignoring: rules.ignored) }
    if let name = reply.texts.first?.split(separator: " ").first { serverName = String(name) }
    return .ready
  }

  private mutating func senderAnswered(_ reply: ServerReply) {
    guard reply.isNegative else { return }
    let answer = ClientAnswer(reply, to: .mail)
    outcomes = outcomes.map { _ in answer }
    next = .nothing
  }

  private mutating func dataAnswered(_ reply: ServerReply, into output: inout ByteBuffer) -> ClientAction {
    if reply.code == 354, message?.probe != nil {
      // The server waits for a message that does not come: only the end of the connection helps.
      settle(reply, .data)
      isOver = true
      return complete()
    }
    if reply.code == 354 {
      next = .content
      if outcomes.contains(where: { $0?.reply.isNegative == false }) { return .sendContent(.lines) }
      // RFC 2920 §3.1: DATA was taken though no recipient was; the server must be given an end.
      next = .nothing
      output.append(".\r\n")
      if rules.service == .smtp { expected.append(.end(nil)) }
    } else {
      settle(reply.isNegative ? reply : reply.outOfPlace, .data)
      needsReset = true
    }
    return proceed(into: &output)
  }

  /// Gives `reply` to all recipients that had been taken so far.
  private mutating func settle(_ reply: ServerReply, _ command: ClientCommand) {
    let answer = ClientAnswer(reply, to: command)
    for index in outcomes.indices where outcomes[index]?.reply.isNegative != true { outcomes[index] = answer }
  }

  private mutating func proceed(into output: inout ByteBuffer) -> ClientAction {
    let isHopeless = outcomes.allSatisfy { $0?.reply.isNegative == true }
    if isHopeless, next != .nothing, expected.isEmpty || next == .data {
      next = .nothing
      needsReset = true
    }
    if next == .content { return expected.isEmpty ? .sendContent(.chunk) : .receive }
    if next != .nothing { send(into: &output) }
    if next == .content, expected.isEmpty { return .sendContent(.chunk) }
    return expected.isEmpty && message != nil && next == .nothing ? complete() : .receive
  }

  mutating func complete() -> ClientAction {
    if message?.probe != nil { needsReset = true }
    let answers = outcomes.map { $0 ?? ClientAnswer(ServerReply(451, EnhancedStatus(4, 0, 0), words: "no reply"), to: .end) }
    message = nil
    next = .nothing
    outcomes = []
    return .completed(answers)
  }

  mutating func fail(_ failure: ClientFailure) -> ClientAction {
    isOver = true
    message = nil
    return .failed(failure)
  }
}
