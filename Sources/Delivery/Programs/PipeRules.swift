// SPDX-License-Identifier: Apache-2.0
import Message
import Queue
import Runtime
import Tables

/// A `transport` block that runs a program: pipe(8).
package struct PipeRules: Sendable {
  package var name: String
  package var argv: [String]
  package var flags: Set<Character> = []
  /// `user` or `user:group`; empty: as this process.
  package var user = ""
  package var directory = ""
  package var root = ""
  package var lineEnd: [UInt8] = [0x0a]
  package var size = 0
  package var nullSender = "MAILER-DAEMON"
  package var timeLimit = Duration.seconds(1000)
  package var delimiters = ""
  package var commands = CommandRules()

  package init(name: String, argv: [String]) {
    self.name = name
    self.argv = argv
  }

  /// A backslash and a letter stand for a character, as in C.
  package static func bytes(ofLineEnd text: String) -> [UInt8] {
    Array(text.replacing("\\r", with: "\r").replacing("\\n", with: "\n").replacing("\\t", with: "\t").replacing("\\0", with: "\0").utf8)
  }

  // MARK: arguments

  /// The program's arguments for some recipients: an argument that speaks of the recipient is there once for each.
  func arguments(_ order: ProgramOrder) -> [String] {
    let recipients = order.envelope.recipients
    return argv.flatMap { word -> [String] in
      guard let first = recipients.first else { return [word] }
      let isPerRecipient = Self.perRecipient.contains { word.contains("${\($0)}") || word.contains("$(\($0))") || word.hasSuffix("$\($0)") }
      return (isPerRecipient ? recipients : [first]).map { expand(word, values(order, $0)) }
    }
  }

  private static let perRecipient = ["recipient", "original_recipient", "user", "extension", "mailbox", "domain"]

  private func expand(_ word: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = Substring(word)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest.removeFirst()
        continue
      }
      let close: Character? = rest.first == "{" ? "}" : rest.first == "(" ? ")" : nil
      let body = close == nil ? rest.prefix { $0.isLetter || $0 == "_" } : rest.dropFirst().prefix { $0 != close }
      result += body.isEmpty ? "$" : values[String(body)] ?? ""
      rest = rest.dropFirst(body.count + (close == nil ? 0 : 2))
    }
    return result + rest
  }

  private func values(_ order: ProgramOrder, _ recipient: Recipient) -> [String: String] {
    let envelope = order.envelope
    let (address, original) = (folded(recipient.address), folded(recipient.original))
    let (local, domain) = (LocalAliases.local(of: address), LocalAliases.domain(of: address))
    let parts = AddressKey.split(local, delimiters: delimiters)
    return [
      "recipient": quoted(address), "original_recipient": quoted(original), "sender": envelope.sender.isEmpty ? nullSender : quoted(envelope.sender),
      "nexthop": flags.contains("h") ? order.nexthop.lowercased() : order.nexthop, "user": quoted(parts?.base ?? local, isLocal: true),
      "extension": parts?.extension ?? "", "mailbox": quoted(local, isLocal: true), "domain": domain, "size": String(order.size),
      "queue_id": order.id.description, "envid": envelope.envelopeID ?? "",
    ].merging(clientValues(envelope.client)) { first, _ in first }
  }

  /// Names that pipe(8) has for what is known of the client; `unknown` where it says so of itself.
  private func clientValues(_ client: MailClient?) -> [String: String] {
    guard let client else { return [:] }
    return [
      "client_address": client.address, "client_helo": client.helo, "client_hostname": client.name, "client_port": client.port,
      "client_protocol": client.protocolName, "sasl_method": client.saslMethod, "sasl_sender": client.saslSender,
      "sasl_username": client.saslUsername,
    ]
  }

  private func folded(_ address: String) -> String {
    let (local, domain) = (LocalAliases.local(of: address), LocalAliases.domain(of: address))
    let name = flags.contains("u") ? local.lowercased() : local
    return address.contains("@") ? "\(name)@\(flags.contains("h") ? domain.lowercased() : domain)" : name
  }

  /// `q`: as RFC 5322 writes local parts that are no words.
  private func quoted(_ address: String, isLocal: Bool = false) -> String {
    guard flags.contains("q") else { return address }
    let local = isLocal ? address : LocalAliases.local(of: address)
    let isPlain = !local.isEmpty && local.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"()<>@,;:\\\"[]".utf8.contains($0) }
    if isPlain { return address }
    let protected = local.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(protected)\"" + address.dropFirst(local.count)
  }

  // MARK: the program

  func run(_ order: ProgramOrder, _ content: some MailContent, now: Int64) -> ProgramOutcome {
    if size > 0, order.size > Int64(size) {
      return ProgramOutcome(.bounced, "5.2.3", "message size \(order.size) exceeds size limit \(size) of transport \(name)")
    }
    if flags.contains("D"), order.envelope.recipients.count == 1, let recipient = order.envelope.recipients.first,
      content.hasBeenDelivered(to: recipient.address)
    {
      return ProgramOutcome(.bounced, "5.4.6", "mail forwarding loop for \(recipient.address)")
    }
    var program = MailProgram(arguments(order), environment: ProgramPlace.environment(commands.environment))
    program.root = root
    do throws(ProgramPlaceError) {
      program.identity = try ProgramPlace.identity(of: user, mayChange: commands.mayBecomeOthers)
    } catch {
      return ProgramOutcome(.deferred, "4.3.5", error.text)
    }
    program.directory = directory.isEmpty ? commands.workingDirectory(program.identity) : directory
    let mail = mail(order, now: now)
    let result = program.run(timeLimit: timeLimit) { write in mail.feed(content, write) }
    return ProgramOutcome(result, command: argv.first ?? "", success: "delivered via \(name) service")
  }

  // MARK: content

  func mail(_ order: ProgramOrder, now: Int64) -> ProgramMail {
    var mail = ProgramMail()
    let envelope = order.envelope
    var header = ""
    if flags.contains("F") { header += ProgramMail.separator(envelope.sender, now) }
    if flags.contains("R") { header += "Return-Path: <\(envelope.sender)>\n" }
    if let first = envelope.recipients.first, envelope.recipients.count == 1 {
      if flags.contains("O") { header += "X-Original-To: \(first.original)\n" }
      if flags.contains("D") { header += "Delivered-To: \(first.address)\n" }
    }
    mail.header = Array(header.utf8)
    mail.lineEnd = lineEnd
    mail.doublesDots = flags.contains(".")
    mail.quotesFrom = flags.contains(">")
    mail.endsEmpty = flags.contains("B")
    return mail
  }
}
