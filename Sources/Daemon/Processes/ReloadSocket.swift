// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Those who want a reload, from any thread to the supervisor's.
final class ReloadRequests: Sendable {
  private let waiting = Monitor<[ReloadRequest]>([])

  /// Wakes the supervisor, which waits for signals.
  func add(_ request: ReloadRequest) {
    waiting.withLock { $0.append(request) }
    _ = ChildProcess.send(.user2, to: Machine.processID)
  }

  func takeAll() -> [ReloadRequest] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}

/// A reload that somebody waits for.
final class ReloadRequest: Sendable {
  private let outcome = Monitor<QueueAnswer?>(nil)

  func answer(_ answer: QueueAnswer) {
    outcome.withLock { $0 = answer }
    outcome.signal()
  }

  func wait(timeout: Duration) -> QueueAnswer? { outcome.wait(timeout: timeout) { $0 } }
}

/// The socket by which `weir reload` asks: a line, then the answer as `weir queue` gets it. For root, the mail owner and this process's own user.
/// A thread of its own reads there; the supervisor never waits for a client.
final class ReloadSocket: Sendable {
  private let listener: Int32
  private let users: Set<UInt32>

  private static let maximumRequest = 64
  private static let readTimeout = Duration.seconds(5)
  private static let day = Duration.seconds(86_400)
  /// Longer than any reload takes.
  static let patience = Duration.seconds(900)
  static let word = "reload"

  init(_ path: String, owner: SystemUser?) throws(SystemError) {
    listener = try ListeningSocket.open(path: path, mode: 0o600, backlog: 16)
    if let owner { try Folder.giveAway(path, to: owner) }
    users = Set([0, SystemUser.currentUID] + [owner?.uid].compactMap(\.self))
  }

  /// For as long as the process lives.
  func start(_ requests: ReloadRequests) throws(SystemError) {
    try Thread(name: "reload") { [self] in
      while true { serveOne(requests) }
    }.detach()
  }

  private func serveOne(_ requests: ReloadRequests) {
    do throws(SystemError) {
      guard let client = try BlockingStream.accept(from: listener, timeout: Self.day) else { return }
      guard users.contains(try client.peerUID()), Self.readLine(client) == Self.word else { return }
      let request = ReloadRequest()
      requests.add(request)
      let answer = request.wait(timeout: Self.patience) ?? QueueAnswer(status: ExitStatus.unavailable, text: "weir: the reload has not ended yet\n")
      _ = answer.encoded.withUnsafeBytes { client.write($0, timeout: Self.readTimeout) }
    } catch {
      Thread.sleep(.milliseconds(100))
    }
  }

  private static func readLine(_ client: BlockingStream) -> String? {
    var input = ByteBuffer()
    while input.count < maximumRequest {
      if let line = input.withReadable({ bytes in bytes.firstIndex(of: 0x0a).map { String(decoding: bytes[..<$0], as: UTF8.self) } }) { return line }
      guard case .received = client.read(into: &input, timeout: readTimeout) else { return nil }
    }
    return nil
  }
}
