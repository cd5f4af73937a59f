// SPDX-License-Identifier: Apache-2.0
import Message
import Runtime

/// `sendmail`: hands in a message of a user of this machine, to the daemon if it runs, else into the drop folder.
struct Sendmail {
  private let arguments: SendmailArguments
  private let user: String
  private let place: CommandPlace

  private static let inputLimit = 512 << 20

  static func run(_ words: [String]) -> Int32 {
    do throws(SendmailArguments.Fault) {
      let arguments = try SendmailArguments.parse(words)
      return Sendmail(arguments).perform()
    } catch {
      return fail(ExitStatus.usage, error.text)
    }
  }

  private init(_ arguments: SendmailArguments) {
    self.arguments = arguments
    user = (try? SystemUser.find(uid: SystemUser.realUID))?.name ?? "\(SystemUser.realUID)"
    place = CommandPlace(configuration: arguments.configuration)
  }

  private static func fail(_ status: Int32, _ text: String) -> Int32 {
    Terminal.writeError("sendmail: fatal: \(text)\n")
    return status
  }

  private func perform() -> Int32 {
    let options = CommandPlace.options(arguments.configuration)
    switch arguments.mode {
    case .deliver: return deliver()
    case .smtp: return SubmissionTerminal.run(place.pickupSocket)
    case .listQueue: return PostQueue.list(options)
    case .flush: return PostQueue.flush(options)
    case .flushMessage(let id): return PostQueue.flush(options, id: id)
    case .flushSite(let site): return PostQueue.flush(options, site: site)
    case .newAliases: return NewAliases.run(options)
    case .daemon: return PostfixCommand.run(options, ["start"])
    case .verify: return verify()
    }
  }

  // MARK: A message

  /// `-bv`: nobody gets it, and its sender a report.
  private func verify() -> Int32 {
    var submission: LocalSubmission
    do throws(SendmailArguments.Fault) {
      submission = try envelope()
    } catch {
      return Self.fail(ExitStatus.usage, error.text)
    }
    submission.isProbe = true
    if arguments.takesRecipients { return Self.fail(ExitStatus.usage, "-t option cannot be used with -bv") }
    guard !submission.recipients.isEmpty else { return Self.fail(ExitStatus.usage, "Recipient addresses must be specified on the command line") }
    submission.needsUTF8 = submission.addresses.contains { $0.utf8.contains { $0 >= 0x80 } }
    let list = submission.recipients.joined(separator: ",\n\t")
    let from = submission.sender.isEmpty ? "MAILER-DAEMON" : submission.sender
    let status = hand(in: submission, Array("From: \(from)\nSubject: probe\nTo:\t\(list)\n\n".utf8))
    if status == ExitStatus.success { Terminal.write("Mail Delivery Status Report will be mailed to <\(submission.sender)>.\n") }
    return status
  }

  private func deliver() -> Int32 {
    var submission: LocalSubmission
    do throws(SendmailArguments.Fault) {
      submission = try envelope()
    } catch {
      return Self.fail(ExitStatus.usage, error.text)
    }
    guard arguments.takesRecipients || !submission.recipients.isEmpty else {
      return Self.fail(ExitStatus.usage, "Recipient addresses must be specified on the command line or via the -t option")
    }
    guard let input = Terminal.readInput(limit: Self.inputLimit) else {
      return Self.fail(ExitStatus.dataError, "standard input cannot be read, or is longer than \(Self.inputLimit) bytes")
    }
    let message = LocalMessage(input, options(submission))
    submission.recipients += message.recipients
    guard !submission.recipients.isEmpty else { return Self.fail(ExitStatus.usage, "No recipient addresses found in message header") }
    guard !input.isEmpty || !arguments.takesRecipients else { return Self.fail(ExitStatus.dataError, "no message on standard input") }
    submission.hasEightBit = arguments.saysEightBit || message.hasEightBit
    submission.needsUTF8 = message.hasEightBitHeader || submission.addresses.contains { $0.utf8.contains { $0 >= 0x80 } }
    return hand(in: submission, message.content)
  }

  private func envelope() throws(SendmailArguments.Fault) -> LocalSubmission {
    var submission = LocalSubmission(sender: user)
    if let given = arguments.sender { submission.sender = try Self.oneAddress(given) }
    submission.recipients = arguments.recipients.flatMap { AddressList.parse($0.utf8) }.filter { !$0.isEmpty }
    submission.notify = arguments.notify
    submission.returnContent = arguments.returnContent
    submission.envelopeID = arguments.envelopeID
    return submission
  }

  /// Of `-f`: `<>`, or nothing, is the null path.
  private static func oneAddress(_ text: String) throws(SendmailArguments.Fault) -> String {
    let found = AddressList.parse(text.utf8)
    guard found.count <= 1 else { throw SendmailArguments.Fault(text: "-f needs one address, and not '\(text)'") }
    return found.first ?? ""
  }

  private func options(_ submission: LocalSubmission) -> LocalMessage.Options {
    var options = LocalMessage.Options()
    options.endsAtDot = arguments.endsAtDot
    options.takesRecipients = arguments.takesRecipients
    options.sender = submission.sender
    options.fullName = arguments.fullName ?? Machine.environment("NAME") ?? SystemUser.fullName(uid: SystemUser.realUID) ?? ""
    return options
  }

  private func hand(in submission: LocalSubmission, _ content: [UInt8]) -> Int32 {
    switch SubmissionSocket.submit(submission, content, to: place.pickupSocket) {
    case .queued(let reply):
      if arguments.isVerbose { Terminal.write("sendmail: \(reply)\n") }
      return ExitStatus.success
    case .refused(let reply, let recipient?): return Self.fail(ExitStatus.dataError, "\(recipient): \(reply)")
    case .refused(let reply, nil): return Self.fail(ExitStatus.unavailable, "the message was refused: \(reply)")
    case .deferred, nil: return drop(submission, content)
    }
  }

  /// The daemon takes it from there when it can.
  private func drop(_ submission: LocalSubmission, _ content: [UInt8]) -> Int32 {
    do {
      try DropWriter(place).write(DropFile.encode(submission, content))
      return ExitStatus.success
    } catch {
      return Self.fail(ExitStatus.temporaryFailure, "\(error)")
    }
  }
}
