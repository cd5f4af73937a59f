// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime
import SMTP
import Spool

/// The mta's side of the mailbox process: sends copies by LMTP with `MailboxExtension` over a connection that stays open. Blocks; belongs to
/// one delivery thread.
package final class MailboxClient: SystemUserTransport {
  private let connect: () throws(SystemError) -> BlockingStream
  private let hostname: String
  private let timeout: Duration
  private var connection: MailboxConnection?

  /// `hostname` is what LHLO says. A process that is silent for `timeout` is given up.
  package init(path: String, hostname: String, timeout: Duration = .seconds(300)) {
    connect = { () throws(SystemError) in try BlockingStream.connect(path: path) }
    self.hostname = hostname
    self.timeout = timeout
  }

  init(hostname: String, timeout: Duration, connect: @escaping () throws(SystemError) -> BlockingStream) {
    self.connect = connect
    self.hostname = hostname
    self.timeout = timeout
  }

  /// Nothing is reported stable before the process has said so; what it wrote without saying so is written again at the next attempt.
  package func deliver(_ jobs: [SystemUserJob]) -> [SystemUserOutcome] {
    var jobs = jobs
    var outcomes: [SystemUserOutcome] = []
    while outcomes.count < jobs.count {
      let wasOpen = connection != nil
      let rest = jobs[outcomes.count...].prefix(MailboxClient.syncInterval)
      do throws(MailboxConnectionError) {
        outcomes += try exchange(rest)
      } catch {
        connection = nil
        // A process that was replaced leaves a dead connection behind: that is no reason to wait.
        if wasOpen, error.isLost {
          jobs = jobs.map(\.again)
          continue
        }
        outcomes += rest.map { _ in .deferred(error.reason) }
      }
    }
    return outcomes
  }

  private func exchange(_ jobs: ArraySlice<SystemUserJob>) throws(MailboxConnectionError) -> [SystemUserOutcome] {
    let connection = try open()
    var window = ArraySlice<SystemUserJob>()
    var outcomes: [CopyOutcome] = []
    for job in jobs {
      if window.count == MailboxClient.windowSize, let oldest = window.popFirst() { outcomes.append(try connection.readOutcome(of: oldest)) }
      try connection.send(job)
      window.append(job)
    }
    for job in window { outcomes.append(try connection.readOutcome(of: job)) }
    let failure = outcomes.contains(.written) ? try connection.synchronize() : nil
    return outcomes.map { $0.final(failure) }
  }

  /// Whether a user has a .forward file; nil if the process does not say.
  func hasForward(_ address: String) -> Bool? {
    for _ in 0..<2 {
      let wasOpen = connection != nil
      do throws(MailboxConnectionError) {
        return try open().hasForward(address)
      } catch {
        connection = nil
        if !wasOpen { return nil }
      }
    }
    return nil
  }

  private func open() throws(MailboxConnectionError) -> MailboxConnection {
    if let connection { return connection }
    let stream: BlockingStream
    do throws(SystemError) { stream = try connect() } catch { throw .unreachable(error.description) }
    let new = MailboxConnection(stream, timeout: timeout)
    try new.greet(hostname)
    connection = new
    return new
  }

  /// Copies under way at a time: their replies must fit into the socket, or both sides would wait to write.
  private static let windowSize = 16
  /// Copies that share one sync.
  private static let syncInterval = 256
}

extension SystemUserJob {
  /// For an attempt of which it isn't known how far it came.
  fileprivate var again: SystemUserJob {
    guard replay == .none else { return self }
    return SystemUserJob(message: message, recipient: recipient, header: header, name: name, replay: .renew, isFinal: isFinal)
  }
}

/// What the process says of one copy before it is asked to sync.
enum CopyOutcome: Equatable {
  case written
  case stable
  case busy(Reason)
  case deferred(Reason)
  case refused(Reason)
  case forwarded

  fileprivate func final(_ syncFailure: Reason?) -> SystemUserOutcome {
    switch self {
    case .written: syncFailure.map { .deferred($0) } ?? .stable
    case .stable: .stable
    case .busy(let reason): .busy(reason)
    case .deferred(let reason): .deferred(reason)
    case .refused(let reason): .refused(reason)
    case .forwarded: .forwarded
    }
  }
}

enum MailboxConnectionError: Error, Equatable {
  case unreachable(String)
  case lost(String)
  /// It answered, but not as the mailbox process does.
  case foreign(String)
  /// The content could not be read, so the connection had to be cut in its midst.
  case unreadable

  var isLost: Bool { if case .lost = self { true } else { false } }

  var reason: Reason {
    switch self {
    case .unreachable(let cause): Reason(status: "4.4.1", text: "mailbox process: \(cause)")
    case .lost(let cause): Reason(status: "4.4.2", text: "lost connection with the mailbox process while \(cause)")
    case .foreign(let answer): Reason(status: "4.5.0", text: "mailbox process said: \(answer)")
    case .unreadable: Reason(status: "4.3.0", text: "queue file read error")
    }
  }
}
