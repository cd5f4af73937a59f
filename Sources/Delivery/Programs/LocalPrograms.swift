// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Message
import Queue
import Runtime
import Spool
import Tables

/// What makes local recipients more than mailboxes: aliases with commands, files, lists and owners, and `mailbox_command`. As Postfix's local(8).
///
/// Commands and files come first; who is left is sent on in one new message, unless one of those is to be tried again.
package final class LocalPrograms: Transport {
  /// Queues a message that is sent on; answers its id once it is durable, or nil.
  package typealias Submit = @Sendable (Envelope, [ContentChunk]) async -> QueueID?

  private let aliases: LocalAliases
  private let rules: LocalRules
  private let pool: BlockingPool
  private let hostname: String
  private let clock: @Sendable () -> Int64
  private let submit: Submit

  package init(
    _ rules: LocalRules, aliases: LocalAliases, hostname: String, pool: BlockingPool, clock: @escaping @Sendable () -> Int64,
    submit: @escaping Submit
  ) {
    self.aliases = aliases
    self.rules = rules
    self.hostname = hostname
    self.pool = pool
    self.clock = clock
    self.submit = submit
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    var results: [RecipientResult] = []
    for due in job.recipients {
      let began = clock()
      let outcome = await deliver(job, job.message.envelope.recipients[due.index])
      results.append(
        RecipientResult(due.index, outcome.outcome, outcome.reason, relay: "local", transmission: clock().difference(from: began)))
    }
    return DeliveryResult(results)
  }

  private func deliver(_ job: DeliveryJob, _ recipient: Recipient) async -> ProgramOutcome {
    let plan = await pool.run { [self] in prepare(job, recipient) } ?? .done(ProgramOutcome(.deferred, "4.3.2", "too many programs at a time"))
    switch plan {
    case .done(let outcome): return outcome
    case .sendOn(let envelope, let chunks, let done):
      guard let id = await submit(envelope, chunks) else { return ProgramOutcome(.deferred, "4.3.0", "cannot queue what is to be sent on") }
      let text = done.map { "\($0), forwarded as \(id)" } ?? "forwarded as \(id)"
      return ProgramOutcome(.sent, "2.0.0", text)
    }
  }

  private enum Plan: Sendable {
    case done(ProgramOutcome)
    case sendOn(Envelope, [ContentChunk], after: String?)
  }

  /// On a thread that may block: runs what is to be run.
  private func prepare(_ job: DeliveryJob, _ recipient: Recipient) -> Plan {
    if SpooledMail(message: job.message).hasBeenDelivered(to: recipient.address) {
      return .done(ProgramOutcome(.bounced, "5.4.6", "mail forwarding loop for \(recipient.address)"))
    }
    guard !recipient.isExpanded, let alias = aliases.find(recipient.address) else { return prepareUser(job, recipient) }
    var expansion = AliasExpansion(aliases) { [rules] in Self.read($0, rules) }
    expansion.expand(alias)
    if let failure = expansion.failure { return .done(failure) }
    var worst: ProgramOutcome?
    for action in expansion.actions {
      let outcome = perform(action, job, recipient)
      if worst == nil || outcome.outcome == .deferred || (outcome.outcome == .bounced && worst?.outcome == .sent) { worst = outcome }
    }
    if let worst, worst.outcome != .sent || expansion.addresses.isEmpty { return .done(worst) }
    if expansion.addresses.isEmpty { return .done(ProgramOutcome(.bounced, "5.2.4", "alias \(alias.name) stands for nobody")) }
    return sendOn(job, recipient, expansion.addresses, owner: expansion.owner, after: worst?.reason.text)
  }

  /// `mailbox_command` for a user; who is none has luser_relay.
  private func prepareUser(_ job: DeliveryJob, _ recipient: Recipient) -> Plan {
    let command = rules.choice(rules.mailboxCommandMaps, rules.mailboxCommand, for: recipient.address)
    guard command.isEmpty, let target = rules.luser(of: recipient.address) else { return .done(userCommand(job, recipient)) }
    return sendOn(job, recipient, [aliases.resolve(target.address)], owner: nil, after: nil)
  }

  private static func read(_ path: String, _ rules: LocalRules) -> Result<String, ProgramPlaceError> {
    do throws(DiskError) {
      let disk = LinuxDisk()
      let file = try disk.open(path, at: nil, [.read], mode: 0)
      defer { try? disk.close(file) }
      var bytes: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 65_536)
      while bytes.count < mostIncluded {
        let count = try readPiece(disk, file, &piece, Int64(bytes.count))
        if count == 0 { break }
        bytes += piece.prefix(count)
      }
      return .success(String(decoding: bytes, as: UTF8.self))
    } catch {
      return .failure(ProgramPlaceError(text: error.description))
    }
  }

  private static func readPiece(_ disk: LinuxDisk, _ file: DiskHandle, _ piece: inout [UInt8], _ offset: Int64) throws(DiskError) -> Int {
    var failure: DiskError?
    let count = piece.withUnsafeMutableBytes { buffer in
      do throws(DiskError) {
        return try disk.read(file, into: buffer, offset: offset)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }

  private static let mostIncluded = 16 << 20

  // MARK: commands and files

  private func perform(_ action: AliasExpansion.Action, _ job: DeliveryJob, _ recipient: Recipient) -> ProgramOutcome {
    let place = action.isIncluded ? "include" : "alias"
    switch action.target {
    case .command(let command):
      guard rules.commandsFrom.contains(place) else { return ProgramOutcome(.bounced, "5.7.1", "mail to command is restricted") }
      return run(command, job, recipient, as: rules.defaultPrivs, home: nil)
    case .file(let path):
      guard rules.filesFrom.contains(place) else { return ProgramOutcome(.bounced, "5.7.1", "mail to file is restricted") }
      return append(path, job, recipient)
    case .address, .include: return ProgramOutcome(.deferred, "4.3.0", "address resolver failure")
    }
  }

  /// `mailbox_command`, as the user.
  private func userCommand(_ job: DeliveryJob, _ recipient: Recipient) -> ProgramOutcome {
    let command = rules.choice(rules.mailboxCommandMaps, rules.mailboxCommand, for: recipient.address)
    let local = LocalAliases.local(of: recipient.address).lowercased()
    let names = [local] + [AddressKey.split(local, delimiters: rules.recipientDelimiter)?.base].compactMap(\.self)
    do throws(SystemError) {
      for name in names {
        guard let user = try SystemUser.find(name) else { continue }
        return run(command, job, recipient, as: user.name, home: user.home)
      }
    } catch {
      return ProgramOutcome(.deferred, "4.3.0", "user lookup error: \(error)")
    }
    return ProgramOutcome(.bounced, "5.1.1", "unknown user: \"\(local)\"")
  }

  private func run(_ command: String, _ job: DeliveryJob, _ recipient: Recipient, as user: String, home: String?) -> ProgramOutcome {
    var program = MailProgram(arguments(command), environment: environment(job, recipient, user: user, home: home))
    program.directory = rules.commands.directory.contains("$home") ? home ?? "/" : rules.commands.directory
    if program.directory.isEmpty { program.directory = rules.commands.queueDirectory }
    do throws(ProgramPlaceError) {
      // An alias of the mta's own user, where nobody else can be had, runs as it.
      program.identity = !Machine.isRoot && home == nil ? nil : try ProgramPlace.identity(of: user)
    } catch {
      return ProgramOutcome(.deferred, "4.3.5", error.text)
    }
    let mail = mail(job, recipient, withSeparator: true, word: "command")
    let result = program.run(timeLimit: rules.commands.timeLimit) { write in mail.feed(job.message, write) }
    return ProgramOutcome(result, command: command, success: "delivered to command: \(command)")
  }

  /// Without a shell, unless one is asked for or something in the command needs it.
  private func arguments(_ command: String) -> [String] {
    if !rules.commands.shell.isEmpty { return rules.commands.shell.split(separator: " ").map(String.init) + [command] }
    let needsShell = command.utf8.contains { "!\"#$&'()*;<=>?[\\]^`{|}~\n".utf8.contains($0) } || command.utf8.first != UInt8(ascii: "/")
    return needsShell ? ["/bin/sh", "-c", command] : command.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
  }

  private func environment(_ job: DeliveryJob, _ recipient: Recipient, user: String, home: String?) -> [String] {
    let local = LocalAliases.local(of: recipient.address)
    let parts = AddressKey.split(local, delimiters: rules.recipientDelimiter)
    var values = [
      ("LOGNAME", user), ("USER", user), ("LOCAL", local), ("DOMAIN", LocalAliases.domain(of: recipient.address)), ("RECIPIENT", recipient.address),
      ("ORIGINAL_RECIPIENT", recipient.original), ("SENDER", job.message.envelope.sender.isEmpty ? "MAILER-DAEMON" : job.message.envelope.sender),
    ]
    if let parts { values.append(("EXTENSION", parts.extension)) }
    values.append(("HOME", home ?? "/"))
    return ProgramPlace.environment(rules.commands.environment) + ["SHELL=/bin/sh"]
      + values.map { "\($0.0)=\($0.0 == "HOME" ? $0.1 : rules.commands.filtered($0.1))" }
  }

  private func mail(_ job: DeliveryJob, _ recipient: Recipient, withSeparator: Bool, word: String) -> ProgramMail {
    var mail = ProgramMail()
    let sender = job.message.envelope.sender
    let fields = DeliveryHeaders.compose(
      sender: sender, original: recipient.original, recipient: recipient.address, deliveredTo: rules.deliveredTo.contains(word))
    mail.header = (withSeparator ? Array(ProgramMail.separator(sender, clock()).utf8) : []) + fields
    return mail
  }

  /// A file is a mailbox file, or a Maildir if it ends in a slash.
  private func append(_ path: String, _ job: DeliveryJob, _ recipient: Recipient) -> ProgramOutcome {
    let parts = path.split(separator: "/")
    guard let name = parts.last,
      let location = MailboxLocation(base: "/" + parts.dropLast().joined(separator: "/"), relative: name + (path.hasSuffix("/") ? "/" : ""))
    else { return ProgramOutcome(.bounced, "5.3.5", "`\(path)` is no file for mail") }
    let disk = LinuxDisk()
    let writer = MailboxWriter(disk: disk, volume: Volumes(disk: disk).volume)
    let header = mail(job, recipient, withSeparator: false, word: "file").header
    let file = mailboxFileName(job.message.id, recipient: 0, job.message.envelope)
    let copy = MailboxWriter.Copy(
      mailbox: UserMailbox(location: location, owner: nil), name: file, sender: job.message.envelope.sender, arrival: job.message.envelope.arrival,
      header: header, replay: .none, isDurable: true)
    switch writer.put(copy, now: clock(), SpooledMail(message: job.message)) {
    case .written, .stable: return ProgramOutcome(.sent, "2.0.0", "delivered to file: \(path)")
    case .unreadable: return ProgramOutcome(.deferred, "4.3.0", "queue file read error")
    case .failed(let error): return ProgramOutcome(error.status.hasPrefix("5") ? .bounced : .deferred, error.status, error.text)
    }
  }

  // MARK: sending on

  private func sendOn(
    _ job: DeliveryJob, _ recipient: Recipient, _ addresses: [LocalAliases.Destination], owner: String?, after text: String?
  ) -> Plan {
    var chunks: [ContentChunk] = []
    let added = rules.deliveredTo.contains("forward") ? "Delivered-To: \(recipient.address)\n" : ""
    chunks.append(ContentChunk(Array("\(added)Received: by \(hostname) id \(job.message.id)\n".utf8)))
    do throws(SpoolError) {
      try job.message.forEachBlock { pieces throws(DiskError) in
        for piece in pieces { chunks.append(ContentChunk(Array(piece))) }
      }
    } catch {
      return .done(ProgramOutcome(.deferred, "4.3.0", "queue file read error"))
    }
    var envelope = job.message.envelope
    if let owner, !envelope.sender.isEmpty { envelope.sender = aliases.resolve(owner).address }
    envelope.arrival = clock()
    envelope.recipients = addresses.map { address in
      var one = Recipient(
        address: address.address, original: recipient.original, route: Recipient.Route(address), notify: recipient.notify,
        originalRecipient: recipient.originalRecipient)
      one.isExpanded = true
      // Of success, this delivery tells.
      return one.withoutSuccess
    }
    return .sendOn(envelope, chunks, after: text)
  }
}
