// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A `transport NAME { }`: a further way to deliver mail, as a line of Postfix's master.cf.
package struct TransportBlock: Sendable {
  /// What it is a variant of. `pipe` runs a program for each message.
  package enum Kind: String, CaseIterable, Sendable { case pipe, smtp, lmtp, relay, local, virtual, error, retry, discard }

  package let name: LocatedText
  package internal(set) var kind = Kind.pipe
  /// `user`, or `user:group`.
  package internal(set) var user = ""
  package internal(set) var flags = ""
  /// Words, with `${name}` for the moment of delivery.
  package internal(set) var argv: [String] = []
  package internal(set) var directory = ""
  package internal(set) var chroot = ""
  /// What ends a line, as written: `\r\n`.
  package internal(set) var eol = "\\n"
  /// The longest message; 0 for any.
  package internal(set) var size = 0
  package internal(set) var nullSender = "MAILER-DAEMON"
  /// Nil: command_time_limit.
  package internal(set) var timeLimit: Duration?
  /// Nil: default_process_limit.
  package internal(set) var processLimit: Int?
  /// Settings of a client as this one sees them; nil where it has none of its own.
  package internal(set) var values: SettingValues?
  /// Those that stand in the block.
  var ownSettings: [Setting] = []
  package var ownNames: Set<String> { Set(ownSettings.map(\.name.text)) }
  /// All that stands in the block, as it was written.
  private(set) var lines: [(name: String, value: String)] = []

  init(_ name: LocatedText) {
    self.name = name
    if Self.clients.contains(name.text), let own = Kind(rawValue: name.text) { kind = own }
  }

  init(_ name: LocatedText, lines: [(name: String, value: String)]) {
    self.init(name)
    self.lines = lines
  }

  static let words = ["command", "process_limit"] + pipeWords
  static let pipeWords = ["user", "flags", "argv", "directory", "chroot", "eol", "size", "null_sender", "time_limit"]

  /// The transports that there are without a block.
  package static let builtIn: Set<String> = ["smtp", "relay", "lmtp", "local", "virtual", "error", "retry", "discard"]
  /// Those that can have settings of their own.
  package static let clients: Set<String> = ["smtp", "relay", "lmtp"]
}

extension Configuration {
  /// As a transport sees it: its block's settings, else the top level's.
  package func seen(by transport: TransportBlock?) -> Configuration {
    guard let own = transport?.values else { return self }
    return replacing(own)
  }

  package func transport(_ name: String) -> TransportBlock? { transports.first { $0.name.text == name } }
}
