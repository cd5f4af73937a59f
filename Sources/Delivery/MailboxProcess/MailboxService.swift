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
  private let serial = Monitor<UInt64>(0)
  let clock: @Sendable () -> Int64
  let note: @Sendable (String) -> Void
  /// Tells this process from all others.
  private let token: String
  private let stopping = Monitor(false)

  /// `note` gets lines for the log. `clock` is in microseconds since 1970.
  package init(
    _ settings: Settings, users: UserDirectory, disk: any Disk, clock: @escaping @Sendable () -> Int64, note: @escaping @Sendable (String) -> Void
  ) {
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

  /// Accepts connections until `stop` is called, one thread for each at work. Blocks; the listening descriptor stays the caller's.
  package func run(listenerDescriptor: Int32) throws(SystemError) {
    var threads: [Thread] = []
    for number in 1..<settings.sessions {
      threads.append(try Thread(name: "mailbox-\(number)") { self.serveAll(listenerDescriptor) })
    }
    serveAll(listenerDescriptor)
    for thread in threads { thread.join() }
  }

  /// Makes `run` return when its sessions are over.
  package func stop() { stopping.withLock { $0 = true } }

  var isStopping: Bool { stopping.withLock { $0 } }

  private func serveAll(_ listener: Int32) {
    while !isStopping {
      do throws(SystemError) {
        guard let stream = try BlockingStream.accept(from: listener, timeout: MailboxService.pollInterval) else { continue }
        serve(stream)
      } catch {
        note("warning: \(error)")
        // Out of descriptors, say: give the others time.
        _ = stopping.wait(timeout: MailboxService.pollInterval) { $0 ? true : nil }
      }
    }
  }

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
