// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Runtime
import SMTP

/// The mailbox process: an LMTP server (RFC 2033) on a unix socket that writes into the Maildirs of system users, as each of them.
///
/// Runs on threads that may block. The process must have left root (`Identity.keepOnlyAssuming`); each thread takes on the user it writes
/// for, and no other thread does.
package final class MailboxService: Sendable {
  /// What all sessions share.
  package struct Settings: Sendable {
    /// Policy and limits; made LMTP's here.
    package var server: ServerConfiguration
    /// Peers that may use the extension: the uid of the mta.
    package var trustedUID: UInt32
    /// Connections served at once; more wait in the backlog.
    package var sessions: Int
    /// A peer that is silent for so long is left.
    package var timeout: Duration

    package init(server: ServerConfiguration, trustedUID: UInt32, sessions: Int = 4, timeout: Duration = .seconds(300)) {
      self.server = server
      self.trustedUID = trustedUID
      self.sessions = max(1, sessions)
      self.timeout = timeout
    }
  }

  let settings: Settings
  let users: UserDirectory
  let disk: any Disk
  /// Nil: programs and .forward files are nobody's business here.
  let programs: ProgramHandler?
  private let threads = Monitor(Threads())
  private let serial = Monitor<UInt64>(0)
  let clock: @Sendable () -> Int64
  let note: @Sendable (String) -> Void
  /// Tells this process from all others.
  private let token: String
  private let stopping = Monitor(false)

  /// `note` gets lines for the log. `clock` is in microseconds since 1970.
  package init(
    _ settings: Settings, users: UserDirectory, disk: any Disk, programs: ProgramHandler? = nil, clock: @escaping @Sendable () -> Int64,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.programs = programs
    var settings = settings
    settings.server.service = .lmtp
    settings.server.smtpdTlsSecurityLevel = .none
    // The mta has looked at these; here they would only refuse what was accepted.
    settings.server.hopcountLimit = .max
    settings.server.smtpdSoftErrorLimit = .max
    settings.server.smtpdHardErrorLimit = .max
    settings.server.smtpdForbidBareNewline = .no
    settings.server.smtpdRejectUnlistedRecipient = true
    if settings.server.messageSizeLimit > 0 { settings.server.messageSizeLimit &+= MailboxService.headerRoom }
    self.settings = settings
    self.users = users
    self.disk = disk
    self.clock = clock
    self.note = note
    token = String(disk.random(), radix: 36)
  }

  /// What the mta's and this process's own header fields may add to the longest message.
  private static let headerRoom = 1 << 20

  private struct Threads {
    /// Besides the one that `run` was called in.
    var running = 0
    var idle = 0
  }

  /// Accepts connections until `stop` is called, one thread for each at work; others are started when all are. Blocks; the listening descriptor stays the
  /// caller's.
  package func run(listenerDescriptor: Int32) throws(SystemError) {
    for number in 1..<min(settings.sessions, MailboxService.spareThreads) { try startThread(listenerDescriptor, number) }
    serveAll(listenerDescriptor)
    _ = threads.wait { $0.running == 0 ? true : nil }
  }

  /// Threads that wait for connections at least.
  private static let spareThreads = 4

  private func startThread(_ listener: Int32, _ number: Int) throws(SystemError) {
    threads.withLock { $0.running += 1 }
    do throws(SystemError) {
      try Thread(name: "mailbox-\(number)") { [self] in
        serveAll(listener)
        threads.withLock { $0.running -= 1 }
        threads.signal()
      }.detach()
    } catch {
      threads.withLock { $0.running -= 1 }
      throw error
    }
  }

  /// A thread takes a connection: there must be one left for the next.
  private func leaveIdle(_ listener: Int32) {
    let next = threads.withLock { threads -> Int? in
      threads.idle -= 1
      return threads.idle == 0 && threads.running + 1 < settings.sessions ? threads.running + 1 : nil
    }
    guard let next else { return }
    do throws(SystemError) { try startThread(listener, next) } catch { note("warning: \(error)") }
  }

  /// Makes `run` return when its sessions are over.
  package func stop() { stopping.withLock { $0 = true } }

  var isStopping: Bool { stopping.withLock { $0 } }

  private func serveAll(_ listener: Int32) {
    threads.withLock { $0.idle += 1 }
    defer { threads.withLock { $0.idle -= 1 } }
    while !isStopping {
      do throws(SystemError) {
        guard let stream = try BlockingStream.accept(from: listener, timeout: MailboxService.pollInterval) else {
          if isSurplus() { return }
          continue
        }
        leaveIdle(listener)
        serve(stream)
        threads.withLock { $0.idle += 1 }
      } catch {
        note("warning: \(error)")
        // Out of descriptors, say: give the others time.
        _ = stopping.wait(timeout: MailboxService.pollInterval) { $0 ? true : nil }
      }
    }
  }

  /// Whether enough others wait. A thread that ends because of it must not be the last.
  private func isSurplus() -> Bool { threads.withLock { $0.idle > MailboxService.spareThreads && $0.running > 0 } }

  /// Serves one connection to its end, in the calling thread, which may be another user afterwards.
  package func serve(_ stream: BlockingStream) {
    var isTrusted = false
    do throws(SystemError) { isTrusted = try stream.peerUID() == settings.trustedUID } catch { note("warning: \(error)") }
    MailboxSession(self, stream, isTrusted: isTrusted).run()
  }

  /// How long `stop` may take to be seen.
  private static let pollInterval = Duration.milliseconds(200)

  /// A file name that was never used, for a peer that does not choose its own.
  func uniqueName(_ now: Int64, _ recipient: Int) -> String {
    let time = max(0, now)
    let serial = serial.withLock { serial -> UInt64 in
      serial &+= 1
      return serial
    }
    return "\(time / 1_000_000).M\(time % 1_000_000)Q\(token)-\(serial)R\(recipient).\(settings.server.myhostname)"
  }
}
