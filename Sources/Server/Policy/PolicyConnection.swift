// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import Runtime

/// One connection to a policy server; one request at a time.
final class PolicyConnection {
  enum Outcome {
    case action(String)
    /// The server closed a connection that had been idle, before it said anything: nothing is wrong with it.
    case stale
    /// The connection never stood.
    case unreachable(PolicyFailure)
    case failed(PolicyFailure)
  }

  private let stream: any ByteStream
  private let opened: Instant
  private(set) var lastUse: Instant
  private(set) var requests = 0
  private var input = ByteBuffer()

  init(_ stream: any ByteStream, now: Instant) {
    self.stream = stream
    opened = now
    lastUse = now
  }

  /// When it must be closed if it is not used.
  func expiry(_ server: PolicyServer) -> Instant { min(lastUse + .seconds(server.maxIdle), opened + .seconds(server.maxTTL)) }

  /// Whether another request may go over it. What the server said unasked would be taken for the next answer.
  func isReusable(_ server: PolicyServer, now: Instant) -> Bool {
    input.isEmpty && (server.requestLimit == 0 || requests < server.requestLimit) && now < expiry(server)
  }

  func close() { stream.close() }

  /// After anything but an action the connection must be closed.
  func exchange(_ request: [UInt8], deadline: Instant) async -> Outcome {
    let isFirst = requests == 0
    requests += 1
    var output = ByteBuffer()
    output.append(request)
    switch await stream.write(&output, deadline: deadline) {
    case .written: break
    case .timedOut: return isFirst ? .unreachable(PolicyFailure("connection timed out")) : .failed(PolicyFailure("timeout while sending a request"))
    case .failed(let error): return isFirst ? .unreachable(PolicyFailure("\(error)")) : .stale
    }
    return await readAnswer(deadline, isFirst: isFirst)
  }

  private func readAnswer(_ deadline: Instant, isFirst: Bool) async -> Outcome {
    var hasBegun = false
    while true {
      switch input.withReadable(PolicyText.parseAnswer) {
      case .complete(let action, let length):
        input.consume(length)
        if input.isEmpty { input.release() }
        lastUse = stream.now
        return action.map { .action($0) } ?? .failed(PolicyFailure("the answer has no action"))
      case .tooLong: return .failed(PolicyFailure("the answer is too long"))
      case .needMore: break
      }
      switch await stream.read(into: &input, deadline: deadline) {
      case .received: hasBegun = true
      case .timedOut: return .failed(PolicyFailure("timeout while waiting for the answer"))
      // What was written may have found no connection.
      case .failed(let error) where isFirst && !hasBegun && input.isEmpty: return .unreachable(PolicyFailure("\(error)"))
      case .endOfStream, .interrupted, .failed:
        return isFirst || hasBegun ? .failed(PolicyFailure("the connection was lost before the answer")) : .stale
      }
    }
  }
}
