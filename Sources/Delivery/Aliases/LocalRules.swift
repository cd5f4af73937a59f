// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Tables

/// How mail for users of mydestination is delivered, where that is not simply a mailbox: local(8).
package struct LocalRules: Sendable {
  /// `mailbox_transport` and its table, `fallback_transport` and its table: `transport:nexthop`.
  package var mailboxTransport = ""
  package var mailboxTransportMaps = TableList([])
  package var fallbackTransport = ""
  package var fallbackTransportMaps = TableList([])
  /// Where a recipient may be a command: `alias`, `include`.
  package var commandsFrom: Set<String> = ["alias"]
  /// Where a recipient may be a file.
  package var filesFrom: Set<String> = ["alias"]
  /// The user for what an alias file of root's says.
  package var defaultPrivs = "nobody"
  package var mailboxCommand = ""
  package var mailboxCommandMaps = TableList([])
  package var recipientDelimiter = ""
  /// Delivered-To for commands, files and what is sent on: words of prepend_delivered_header.
  package var deliveredTo: Set<String> = ["command", "file", "forward"]
  /// Which expansions hand an extension on: words of propagate_unmatched_extensions.
  package var propagates: Set<String> = []
  package var forward = ForwardRules()
  package var commands = CommandRules()
  /// `luser_relay`, where it may lead to another host.
  package var luserRelay: LuserRelay?

  package init() {}

  /// The address on another host that gets mail for an unknown user; nil for one that is here.
  func luser(of address: String) -> LuserRelay.Target? {
    luserRelay?.target(for: address).flatMap { $0.route == .remote ? $0 : nil }
  }

  /// What the table says of a user, or the setting.
  func choice(_ maps: TableList, _ otherwise: String, for address: String) -> String {
    let local = LocalAliases.local(of: address).lowercased()
    if let found = maps.value(for: local) { return found }
    guard let base = AddressKey.split(local, delimiters: recipientDelimiter)?.base, let found = maps.value(for: base) else { return otherwise }
    return found
  }
}

/// What all commands that get mail have in common.
package struct CommandRules: Sendable {
  /// The characters that an address may bring into a command.
  package var filter = Set("1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
  package var timeLimit = Duration.seconds(1000)
  /// Where commands of users run, with `$home` and others; empty: in `queueDirectory`.
  package var directory = ""
  package var queueDirectory = "/"
  /// `local_command_shell`; empty: /bin/sh, where a shell is needed.
  package var shell = ""
  /// `export_environment`, with the values of this process put in.
  package var environment: [String] = []
  /// This process may become other users.
  package var mayBecomeOthers = false

  package init() {}

  /// Where a program runs that is not told: others than Weir's own cannot enter the queue's folder.
  func workingDirectory(_ identity: ChildProcess.Identity?) -> String { identity == nil ? queueDirectory : "/" }

  /// The value as a command may see it.
  func filtered(_ value: String) -> String {
    String(decoding: value.utf8.map { filter.contains($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }
}

extension LocalRules {
  /// Where a local recipient goes that is more than a mailbox; nil for a mailbox. `isUser` asks the system: nil if it does not answer. `name` is the
  /// transport for aliases and commands.
  package func hop(
    for recipient: Recipient, _ aliases: LocalAliases, host: String, isUser: (String) -> Bool?, hasForward: (String) -> Bool? = { _ in false },
    name: String
  ) -> Routing? {
    let address = recipient.address
    let own = NextHop(transport: name, destination: address)
    if !recipient.isExpanded, !recipient.isFinal, aliases.find(address) != nil { return .to(own) }
    if aliases.isFailing { return .deferred(Reason(status: "4.3.0", text: "alias database unavailable")) }
    if !recipient.isFinal, !forward.paths.isEmpty {
      guard let has = hasForward(address) else { return .deferred(Reason(status: "4.3.0", text: "user lookup error")) }
      if has { return .to(own) }
    }
    let mailbox = choice(mailboxTransportMaps, mailboxTransport, for: address)
    if !mailbox.isEmpty { return .to(hop(mailbox, host)) }
    let fallback = choice(fallbackTransportMaps, fallbackTransport, for: address)
    let command = choice(mailboxCommandMaps, mailboxCommand, for: address)
    let luser = luser(of: address)
    guard !fallback.isEmpty || !command.isEmpty || luser != nil else { return nil }
    switch isUser(address) {
    case nil: return .deferred(Reason(status: "4.3.0", text: "user lookup error"))
    case true?: return command.isEmpty ? nil : .to(own)
    case false?: return fallback.isEmpty ? luser.map { _ in .to(own) } : .to(hop(fallback, host))
    }
  }

  private func hop(_ text: String, _ host: String) -> NextHop {
    let text = TransportText(text)
    return NextHop(transport: text.transport, destination: text.nexthop.isEmpty ? host : text.nexthop)
  }
}
