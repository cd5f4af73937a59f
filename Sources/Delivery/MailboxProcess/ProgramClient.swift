// SPDX-License-Identifier: Apache-2.0
import Runtime
import Spool

/// Has orders carried out by the mailbox process, each over a connection of its own, and asks it for .forward files. Blocks.
package final class ProgramClient: ProgramPerformer, ForwardDirectory {
  private let path: String
  private let hostname: String
  private let forwards: Monitor<Kept>

  /// Of one thread at a time.
  private final class Kept: @unchecked Sendable {
    let client: MailboxClient
    init(_ client: MailboxClient) { self.client = client }
  }

  /// Programs have limits of their own: one that is waited for longer than this is none of ours.
  private static let patience = Duration.seconds(86_400)

  package init(path: String, hostname: String) {
    self.path = path
    self.hostname = hostname
    forwards = Monitor(Kept(MailboxClient(path: path, hostname: hostname)))
  }

  package func perform(_ order: ProgramOrder, _ message: QueuedMessage) -> ProgramAnswer {
    do throws(MailboxConnectionError) {
      let stream: BlockingStream
      do throws(SystemError) { stream = try BlockingStream.connect(path: path) } catch { throw .unreachable(error.description) }
      let connection = MailboxConnection(stream, timeout: Self.patience)
      try connection.greet(hostname)
      return try connection.perform(order, message)
    } catch {
      return .done(ProgramOutcome(.deferred, error.reason.status, error.reason.text))
    }
  }

  package func hasForward(_ address: String) -> Bool? { forwards.withLock { $0.client.hasForward(address) } }
}
