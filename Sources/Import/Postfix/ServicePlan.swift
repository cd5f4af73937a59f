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
  /// A transport of its own, if anything hands mail to it.
  case transport

  init(_ service: MasterService) {
    switch (service.type, service.command) {
    case ("inet", "smtpd"): self = .listener
    case ("pass", "smtpd"): self = .behindPostscreen
    case ("inet", "postscreen"): self = .postscreen
    case (_, "pipe"): self = .transport
    case (_, "smtp"), (_, "lmtp"), (_, "error"), (_, "discard"):
      self = Self.own.contains(service.name) ? .inside("part of Weir: it \(Self.programs[service.command] ?? "")") : .transport
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
    "smtp": "sends mail to other servers", "discard": "throws mail away", "lmtp": "hands mail to an LMTP server",
  ]

  /// The transports that there are without a block.
  private static let own: Set<String> = ["smtp", "relay", "lmtp", "error", "retry", "discard"]
}
