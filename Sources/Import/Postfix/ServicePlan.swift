// SPDX-License-Identifier: Apache-2.0

/// What becomes of a service of master.cf.
enum ServicePlan {
  /// A port where SMTP is spoken.
  case listener
  /// Postfix's smtpd behind postscreen: its settings are those of the port.
  case behindPostscreen
  case postscreen
  /// Part of the one program that Weir is.
  case inside(String)
  case refused(String)
  /// Mail is piped to a command, if anything hands mail to the service.
  case pipe(String)

  init(_ service: MasterService) {
    switch (service.type, service.command) {
    case ("inet", "smtpd"): self = .listener
    case ("pass", "smtpd"): self = .behindPostscreen
    case ("inet", "postscreen"): self = .postscreen
    case (_, "pipe"): self = .pipe(Self.pipe(service))
    case (_, "qmqpd"): self = .refused("QMQP is not planned")
    case (_, "spawn"): self = .refused("it starts a command for each connection; run such a service by systemd")
    case (_, let command):
      let part = Self.programs[command].map { ServicePlan.inside("part of Weir: it \($0)") }
      self = part ?? .refused("Weir has nothing like Postfix's `\(command)`")
    }
  }

  private static let programs: [String: String] = [
    "anvil": "counts the connections of clients", "bounce": "writes bounces", "cleanup": "takes messages in", "dnsblog": "asks DNS lists",
    "error": "refuses mail", "flush": "keeps lists for ETRN", "local": "delivers to users of the system", "oqmgr": "is an old queue manager",
    "pickup": "takes mail of local users", "postlogd": "writes the log", "proxymap": "shares tables", "qmgr": "manages the queue",
    "scache": "keeps connections", "showq": "lists the queue", "tlsmgr": "keeps TLS state", "tlsproxy": "speaks TLS for postscreen",
    "trivial-rewrite": "resolves addresses", "verify": "probes addresses", "virtual": "delivers to virtual mailboxes",
    "smtp": "sends mail to other servers; not yet: such mail waits in the spool", "discard": "throws mail away",
    "lmtp": "hands mail to an LMTP server; not yet",
  ]

  /// Commands that mail is piped to, by the program.
  private static func pipe(_ service: MasterService) -> String {
    let program = service.arguments.first { $0.hasPrefix("argv=") }.map { String($0.dropFirst(5)) } ?? "a command"
    let name = program.split(separator: "/").last.map(String.init) ?? program
    return "it pipes mail to `\(name)`, which Weir does not do yet\(advice[name].map { ". \($0)" } ?? "")"
  }

  private static let advice = [
    "maildrop": "Weir delivers to Maildirs itself: home_mailbox, virtual_mailbox_maps",
    "procmail": "Weir delivers to Maildirs itself; the user's rules are not run",
    "dovecot-lda": "Weir delivers to the Maildirs that Dovecot reads; Sieve rules are not run",
    "deliver": "Weir delivers to the Maildirs that Dovecot reads; Sieve rules are not run",
    "postfix-to-mailman.py": "Give Mailman its own LMTP port when Weir can relay to it",
    "uux": "UUCP is not planned",
  ]
}
