// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// The sessions of one event loop of the mta, in a worker.
final class WorkerConnection {
  unowned let server: WorkerServer
  private let channel: PacketChannel
  private var sessions: [UInt64: WorkerSession] = [:]
  private var requests: [UInt64: (session: WorkerSession, request: StageRequest)] = [:]
  private var lastRequest: UInt64 = 0

  init(_ descriptor: Int32, _ server: WorkerServer) throws(SystemError) {
    self.server = server
    channel = PacketChannel(descriptor, on: server.loop, limit: HostFrame.maximumSize)
    nonisolated(unsafe) let connection = self
    try channel.start(
      received: { connection.received($0, $1) },
      ended: { connection.server.ended(connection) })
  }

  func send(_ frame: WorkerFrame) { channel.send(frame.encoded) }

  private func received(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32?) {
    guard let frame = try? HostFrame(decoding: bytes) else { return closeDescriptor(descriptor ?? -1) }
    switch frame {
    case .call(let call): if let table = server.table { lookUp(call, table) } else { session(call.session).take(.call(call)) }
    case .content(let content): session(content.session).take(.content(content, descriptor))
    case .messageEnded(let number): sessions[number]?.take(.messageEnded)
    case .sessionEnded(let number): sessions.removeValue(forKey: number)?.take(.sessionEnded)
    case .answer(let number, let answer): answered(number, answer)
    case .load, .create, .connect: break
    }
    if case .content = frame { return }
    if let descriptor { closeDescriptor(descriptor) }
  }

  private func session(_ number: UInt64) -> WorkerSession {
    if let session = sessions[number] { return session }
    let session = WorkerSession(number, self)
    sessions[number] = session
    return session
  }

  func endSessions() {
    for session in sessions.values {
      session.seat.messageEnded()
      session.seat.sessionEnded()
    }
    sessions = [:]
  }

  // MARK: Look-ups

  private func lookUp(_ call: HostFrame.Call, _ table: TableEngine) {
    nonisolated(unsafe) let connection = self
    _ = table.begin(call.call.value, mark: call.number) { [loop = server.loop, number = call.number] answer in
      let outcome = StageOutcome(answer)
      loop.spawn { connection.send(outcome, to: number) }
    }
  }

  // MARK: Requests

  func request(_ work: WorkerFrame.Work, _ request: StageRequest, of session: WorkerSession) {
    lastRequest += 1
    requests[lastRequest] = (session, request)
    send(.request(number: lastRequest, session: session.number, work))
  }

  private func answered(_ number: UInt64, _ answer: StageRequestAnswer) {
    guard let (session, request) = requests.removeValue(forKey: number) else { return }
    session.seat.ended(request, StageRequest.Answer(answer))
  }

  // MARK: Answers

  func send(_ outcome: StageOutcome, to call: UInt64) {
    let bytes = outcome.encoded
    var rest = bytes[...]
    while rest.count > WorkerFrame.maximumPiece {
      send(.piece(call: call, Array(rest.prefix(WorkerFrame.maximumPiece))))
      rest = rest.dropFirst(WorkerFrame.maximumPiece)
    }
    send(.outcome(call: call, Array(rest)))
    server.tellCounts(self)
  }
}

extension StageRequest.Answer {
  init(_ answer: StageRequestAnswer) {
    switch answer {
    case .ok: self = .ok
    case .items(let items, let isSecure, let ttl): self = .items(items.map { ($0.key, $0.value) }, isSecure: isSecure, ttl: ttl)
    case .failed(let status): self = .failed(status)
    }
  }

  var frame: StageRequestAnswer {
    switch self {
    case .ok: .ok
    case .items(let items, let isSecure, let ttl): .items(items.map { StageCall.Parameter($0.key, $0.value) }, isSecure: isSecure, ttl: ttl)
    case .failed(let status): .failed(status)
    }
  }
}
