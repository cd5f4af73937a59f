// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What each reply means.
extension ClientMachine {
  mutating func replyReceived(_ reply: Reply, into output: inout ByteBuffer) -> ClientAction {
    // RFC 5321 §3.8: 421 may answer any command, and ends the session.
    if reply.code == 421 { return fail(.refused(reply)) }
    guard !expected.isEmpty else { return fail(.notSMTP) }
    switch expected.removeFirst() {
    case .greeting: return greeted(reply, into: &output)
    case .hello: return introduced(reply)
    case .mail: return senderAnswered(reply, into: &output)
    case .recipient(let index):
      if outcomes[index] == nil { outcomes[index] = reply }
    case .data: return dataAnswered(reply, into: &output)
    case .end(let index): outcomes[index] = reply
    case .endOfAll: settle(reply)
    case .reset: break
    case .quit: return .closed
    }
    return proceed(into: &output)
  }

  private mutating func greeted(_ reply: Reply, into output: inout ByteBuffer) -> ClientAction {
    guard reply.code == 220 else { return fail(.refused(reply)) }
    waiting.append((service == .lmtp ? "LHLO \(heloName)" : "EHLO \(heloName)", .hello))
    send(into: &output)
    return .receive
  }

  private mutating func introduced(_ reply: Reply) -> ClientAction {
    guard reply.code == 250 else { return fail(.refused(reply)) }
    extensions = ServerExtensions(reply)
    return .ready
  }

  private mutating func senderAnswered(_ reply: Reply, into output: inout ByteBuffer) -> ClientAction {
    if reply.isNegative {
      outcomes = outcomes.map { _ in reply }
      waiting.removeAll()
    }
    return proceed(into: &output)
  }

  private mutating func dataAnswered(_ reply: Reply, into output: inout ByteBuffer) -> ClientAction {
    let isWanted = outcomes.contains { $0?.isNegative == false }
    if reply.code == 354, isWanted { return .sendContent }
    if reply.code == 354 {
      // RFC 2920 §3.1: DATA was taken though no recipient was; the server must be given an end.
      output.append(".\r\n")
      if service == .smtp { expected.append(.endOfAll) }
    } else {
      settle(reply)
      needsReset = true
    }
    return proceed(into: &output)
  }

  /// Gives `reply` to all recipients that had been taken so far.
  private mutating func settle(_ reply: Reply) {
    outcomes = outcomes.map { $0?.isNegative == true ? $0 : reply }
  }

  private mutating func proceed(into output: inout ByteBuffer) -> ClientAction {
    let isHopeless = !outcomes.isEmpty && outcomes.allSatisfy { $0?.isNegative == true }
    if isHopeless, waiting.first?.expected == .data {
      waiting.removeFirst()
      needsReset = true
    }
    if !waiting.isEmpty { send(into: &output) }
    return expected.isEmpty && message != nil ? complete() : .receive
  }

  mutating func complete() -> ClientAction {
    let replies = outcomes.map { $0 ?? Reply(451, EnhancedStatus(4, 0, 0), "no reply") }
    message = nil
    outcomes = []
    return .completed(replies)
  }

  mutating func fail(_ failure: ClientFailure) -> ClientAction {
    hasFailed = true
    message = nil
    return .failed(failure)
  }
}
