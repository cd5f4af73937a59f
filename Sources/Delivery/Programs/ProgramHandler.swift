// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Message
import PluginHost
import Queue
import Runtime
import Tables

/// Does what orders say: what local recipients stand for that is more than a mailbox, as Postfix's local(8), and pipe(8). On threads that may block.
package final class ProgramHandler: Sendable {
  /// Lets this thread act on files as somebody; nil: as itself.
  typealias Become = (SystemUser?) throws(ProgramPlaceError) -> Void

  let rules: LocalRules
  private let aliases: LocalAliases
  private let pipes: [String: PipeRules]
  let disk: any Disk
  let clock: @Sendable () -> Int64
  private let note: @Sendable (String) -> Void

  package init(
    _ rules: LocalRules, aliases: LocalAliases, pipes: [PipeRules], disk: any Disk, clock: @escaping @Sendable () -> Int64,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.rules = rules
    self.aliases = aliases
    self.pipes = Dictionary(pipes.map { ($0.name, $0) }) { first, _ in first }
    self.disk = disk
    self.clock = clock
    self.note = note
  }

  func handle(_ order: ProgramOrder, _ content: some MailContent, _ become: @escaping Become) -> ProgramAnswer {
    guard order.transport.isEmpty else {
      guard let pipe = pipes[order.transport] else { return .done(ProgramOutcome(.deferred, "4.3.0", "mail transport unavailable")) }
      return .done(pipe.run(order, content, now: clock()))
    }
    guard let recipient = order.envelope.recipients.first else { return .done(ProgramOutcome(.deferred, "4.3.0", "no recipient")) }
    if !recipient.isFinal, content.hasBeenDelivered(to: recipient.address) {
      return .done(ProgramOutcome(.bounced, "5.4.6", "mail forwarding loop for \(recipient.address)"))
    }
    do throws(ProgramPlaceError) {
      guard let expansion = try expand(recipient, become) else {
        let (command, hasFailed) = Lookups.wait { rules.choice(rules.mailboxCommandMaps, rules.mailboxCommand, for: recipient.address) }
        if hasFailed { throw ProgramPlaceError(text: "mailbox_command_maps lookup problem") }
        if command.isEmpty, try ProgramPlace.user(of: recipient.address, rules.recipientDelimiter) == nil,
          let target = rules.luser(of: recipient.address)
        {
          return .sendOn([ProgramAnswer.Target(address: target.address, isFinal: false)], owner: nil, text: nil)
        }
        return .done(userCommand(order, recipient, content))
      }
      return carryOut(expansion, order, recipient, content, become)
    } catch {
      return .done(ProgramOutcome(.deferred, "4.3.5", error.text))
    }
  }

  /// Nil where neither an alias nor a file says who it is for.
  private func expand(_ recipient: Recipient, _ become: @escaping Become) throws(ProgramPlaceError) -> AliasExpansion? {
    if recipient.isFinal { return nil }
    var expansion = AliasExpansion(aliases, means(become))
    let (isAlias, hasFailed) = Lookups.wait { () -> Bool in
      guard !recipient.isExpanded, let alias = aliases.find(recipient.address) else { return false }
      expansion.expand(alias)
      return true
    }
    if hasFailed { return .failed(aliases, means(become)) }
    if isAlias { return expansion }
    guard !rules.forward.paths.isEmpty, let user = try ProgramPlace.user(of: recipient.address, rules.recipientDelimiter), user.uid != 0
    else { return nil }
    try become(user)
    let found = ForwardFile.find(rules.forward, of: user, for: recipient.address, disk, note)
    try become(nil)
    guard let found else { return nil }
    let local = LocalAliases.local(of: recipient.address).lowercased()
    return Lookups.wait { expansion.expand(found, of: user, local: local) }.hasFailed ? .failed(aliases, means(become)) : expansion
  }

  private func means(_ become: @escaping Become) -> AliasExpansion.Means {
    AliasExpansion.Means(
      owner: { [self] path throws(ProgramPlaceError) in try owner(of: path) },
      include: { [self] path, rights throws(ProgramPlaceError) in try include(path, rights, become) },
      propagates: rules.propagates)
  }

  private func owner(of path: String) throws(ProgramPlaceError) -> SystemUser? {
    let uid: UInt32
    do throws(DiskError) {
      let file = try disk.open(path, at: nil, [.read, .nonBlocking], mode: 0)
      defer { try? disk.close(file) }
      uid = try disk.status(file).owner
    } catch {
      // A file that this process may not read was read by the supervisor: root's.
      return nil
    }
    if uid == 0 { return nil }
    guard let user = try ProgramPlace.find(uid: uid) else { throw ProgramPlaceError(text: "cannot find alias database owner") }
    return user
  }

  /// As include files are read by local(8): with the rights of who names them; the text of an error is what the sender is told.
  private func include(_ path: String, _ rights: SystemUser?, _ become: Become) throws(ProgramPlaceError) -> (text: String, owner: SystemUser?) {
    guard path.hasPrefix("/") else { throw refusal(":include:\(path) uses a relative path") }
    var reader = rights
    if reader == nil { reader = try self.reader(of: path) }
    try become(reader)
    let found: SmallFile.Content
    do throws(DiskError) {
      found = try SmallFile.read(path, disk)
    } catch {
      try become(nil)
      throw refusal("cannot open include file \(path): \(error)")
    }
    try become(nil)
    guard found.status.isRegular else { throw refusal(":include: file \(path) is not a regular file") }
    guard found.status.mode & 0o002 == 0 else { throw refusal(":include: file \(path) is world writable") }
    return (found.text, found.status.owner == 0 ? nil : try ProgramPlace.find(uid: found.status.owner))
  }

  /// What root's aliases name is read as whoever it belongs to; nil for root's own, which everybody must be able to read.
  private func reader(of path: String) throws(ProgramPlaceError) -> SystemUser? {
    guard rules.commands.mayBecomeOthers else { return nil }
    let status: FileStatus
    do throws(DiskError) { status = try disk.status(path, at: nil) } catch { return nil }
    return status.isRegular && status.owner != 0 ? try ProgramPlace.find(uid: status.owner) : nil
  }

  private func refusal(_ text: String) -> ProgramPlaceError {
    note("warning: \(text)")
    return ProgramPlaceError(text: "mail system configuration error")
  }

  /// Commands and files first; who is left is sent on to, unless one of those is to be tried again.
  private func carryOut(
    _ expansion: AliasExpansion, _ order: ProgramOrder, _ recipient: Recipient, _ content: some MailContent, _ become: Become
  ) -> ProgramAnswer {
    if let failure = expansion.failure { return .done(failure) }
    var worst: ProgramOutcome?
    for action in expansion.actions {
      let outcome = perform(action, order, recipient, content, become)
      if worst == nil || outcome.outcome == .deferred || (outcome.outcome == .bounced && worst?.outcome == .sent) { worst = outcome }
    }
    if let worst, worst.outcome != .sent || expansion.targets.isEmpty { return .done(worst) }
    if expansion.targets.isEmpty { return .done(ProgramOutcome(.deferred, "4.3.0", "alias database unavailable")) }
    return .sendOn(expansion.targets, owner: expansion.owner, text: worst?.reason.text)
  }
}
