// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Message
import Queue
import Runtime
import Tables

/// Commands and files.
extension ProgramHandler {
  func perform(
    _ action: AliasExpansion.Action, _ order: ProgramOrder, _ recipient: Recipient, _ content: some MailContent, _ become: Become
  ) -> ProgramOutcome {
    let place = action.place
    switch action.target {
    case .command(let command):
      guard rules.commandsFrom.contains(place.kind.rawValue) else { return ProgramOutcome(.bounced, "5.7.1", "mail to command is restricted") }
      return run(command, order, recipient, content, as: place.rights)
    case .file(let path):
      guard rules.filesFrom.contains(place.kind.rawValue) else { return ProgramOutcome(.bounced, "5.7.1", "mail to file is restricted") }
      return append(path, order, recipient, content, as: place.rights, become)
    case .address, .include: return ProgramOutcome(.deferred, "4.3.0", "address resolver failure")
    }
  }

  /// `mailbox_command`, as the user.
  func userCommand(_ order: ProgramOrder, _ recipient: Recipient, _ content: some MailContent) -> ProgramOutcome {
    let command = rules.choice(rules.mailboxCommandMaps, rules.mailboxCommand, for: recipient.address)
    do throws(ProgramPlaceError) {
      guard let user = try ProgramPlace.user(of: recipient.address, rules.recipientDelimiter) else {
        return ProgramOutcome(.bounced, "5.1.1", "unknown user: \"\(LocalAliases.local(of: recipient.address).lowercased())\"")
      }
      if command.isEmpty { return ProgramOutcome(.deferred, "4.3.0", "the .forward file of \(user.name) has changed") }
      return run(command, order, recipient, content, as: user)
    } catch {
      return ProgramOutcome(.deferred, "4.3.0", "user lookup error: \(error.text)")
    }
  }

  /// Without `rights` as default_privs.
  private func run(
    _ command: String, _ order: ProgramOrder, _ recipient: Recipient, _ content: some MailContent, as rights: SystemUser?
  ) -> ProgramOutcome {
    let commands = rules.commands
    var program = MailProgram(arguments(command), environment: environment(order, recipient, home: rights?.home))
    do throws(ProgramPlaceError) {
      program.identity = try identity(rights)
    } catch {
      return ProgramOutcome(.deferred, "4.3.5", error.text)
    }
    program.directory = LocalExpansion(["home": rights?.home ?? "/"]).expand(commands.directory)
    if program.directory.isEmpty { program.directory = commands.workingDirectory(program.identity) }
    let mail = mail(order, recipient, withSeparator: true, word: "command")
    let result = program.run(timeLimit: commands.timeLimit) { write in mail.feed(content, write) }
    return ProgramOutcome(result, command: command, success: "delivered to command: \(command)")
  }

  /// Where nobody else can be had, what belongs to root runs as this process.
  private func identity(_ rights: SystemUser?) throws(ProgramPlaceError) -> ChildProcess.Identity? {
    if let rights, rights.uid != 0 { return try ProgramPlace.identity(of: rights, group: rights.gid, mayChange: rules.commands.mayBecomeOthers) }
    return rules.commands.mayBecomeOthers ? try ProgramPlace.identity(of: rules.defaultPrivs, mayChange: true) : nil
  }

  /// Without a shell, unless one is asked for or something in the command needs it.
  private func arguments(_ command: String) -> [String] {
    if !rules.commands.shell.isEmpty { return rules.commands.shell.split(separator: " ").map(String.init) + [command] }
    let needsShell = command.utf8.contains { "!\"#$&'()*;<=>?[\\]^`{|}~\n".utf8.contains($0) } || command.utf8.first != UInt8(ascii: "/")
    return needsShell ? ["/bin/sh", "-c", command] : command.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
  }

  private func environment(_ order: ProgramOrder, _ recipient: Recipient, home: String?) -> [String] {
    let local = LocalAliases.local(of: recipient.address).lowercased()
    let parts = AddressKey.split(local, delimiters: rules.recipientDelimiter)
    let envelope = order.envelope
    let user = parts?.base ?? local
    var values = [
      ("LOGNAME", user), ("USER", user), ("LOCAL", local), ("DOMAIN", LocalAliases.domain(of: recipient.address).lowercased()),
      ("RECIPIENT", recipient.address), ("ORIGINAL_RECIPIENT", recipient.original),
      ("SENDER", envelope.sender.isEmpty ? "MAILER-DAEMON" : envelope.sender), ("EXTENSION", parts?.extension ?? ""),
    ]
    if let client = envelope.client {
      values += [
        ("CLIENT_HOSTNAME", client.name), ("CLIENT_ADDRESS", client.address), ("CLIENT_HELO", client.helo),
        ("CLIENT_PROTOCOL", client.protocolName), ("SASL_METHOD", client.saslMethod), ("SASL_SENDER", client.saslSender),
        ("SASL_USERNAME", client.saslUsername),
      ]
    }
    return ProgramPlace.environment(rules.commands.environment) + ["SHELL=/bin/sh"] + (home.map { ["HOME=\($0)"] } ?? [])
      + values.filter { !$0.1.isEmpty }.map { "\($0.0)=\(rules.commands.filtered($0.1))" }
  }

  private func mail(_ order: ProgramOrder, _ recipient: Recipient, withSeparator: Bool, word: String) -> ProgramMail {
    var mail = ProgramMail()
    let sender = order.envelope.sender
    let fields = DeliveryHeaders.compose(
      sender: sender, original: recipient.original, recipient: recipient.address, deliveredTo: rules.deliveredTo.contains(word))
    mail.header = (withSeparator ? Array(ProgramMail.separator(sender, clock()).utf8) : []) + fields
    return mail
  }

  /// A file is a mailbox file, or a Maildir if it ends in a slash.
  private func append(
    _ path: String, _ order: ProgramOrder, _ recipient: Recipient, _ content: some MailContent, as rights: SystemUser?, _ become: Become
  ) -> ProgramOutcome {
    let parts = path.split(separator: "/")
    guard let name = parts.last,
      let location = MailboxLocation(base: "/" + parts.dropLast().joined(separator: "/"), relative: name + (path.hasSuffix("/") ? "/" : ""))
    else { return ProgramOutcome(.bounced, "5.3.5", "`\(path)` is no file for mail") }
    let writer = MailboxWriter(disk: disk, volume: Volumes(disk: disk).volume)
    let copy = MailboxWriter.Copy(
      mailbox: UserMailbox(location: location, owner: nil), name: mailboxFileName(order.id, recipient: 0, order.envelope),
      sender: order.envelope.sender, arrival: order.envelope.arrival,
      header: mail(order, recipient, withSeparator: false, word: "file").header, replay: .none, isDurable: true)
    let outcome: MailboxWriter.Outcome
    do throws(ProgramPlaceError) {
      try become(try fileUser(rights))
      outcome = writer.put(copy, now: clock(), content)
      try become(nil)
    } catch {
      return ProgramOutcome(.deferred, "4.3.5", error.text)
    }
    switch outcome {
    case .written, .stable: return ProgramOutcome(.sent, "2.0.0", "delivered to file: \(path)")
    case .unreadable: return ProgramOutcome(.deferred, "4.3.0", "queue file read error")
    case .failed(let error): return ProgramOutcome(error.status.hasPrefix("5") ? .bounced : .deferred, error.status, error.text)
    }
  }

  private func fileUser(_ rights: SystemUser?) throws(ProgramPlaceError) -> SystemUser? {
    if let rights, rights.uid != 0 { return rights }
    return rules.commands.mayBecomeOthers ? try ProgramPlace.find(rules.defaultPrivs) : nil
  }
}
