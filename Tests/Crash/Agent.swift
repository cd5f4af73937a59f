// SPDX-License-Identifier: Apache-2.0
import Delivery
import Mailbox
import Message
import Queue
import Runtime
import Spool

/// Whatever takes messages from the spool in a script.
protocol Agent {
  /// Does what is ready now.
  func deliverReady()
}

/// Hands every recipient to another server, which always says yes: as the scheduler does it.
struct RelayAgent: Agent {
  let spool: Spool
  let relayed: (QueueID, Int) -> Void

  func deliverReady() {
    while true {
      let messages = spool.takeScheduled(max: 8).filter { spool.begin($0.id) }
      spool.markAttempts(messages.map(\.id), worker: 0)
      if messages.isEmpty { return }
      for message in messages {
        for recipient in message.due {
          relayed(message.id, recipient.index)
          spool.note(message.id, recipient: recipient.index, .relayed)
        }
        spool.attemptEnded(message.id)
      }
    }
  }
}

/// The product's own delivery: to the Maildir `mail/a/` for a@example.com, to the mailbox file `mail/box` for box@example.com. There is nobody
/// called gone@example.com: a report goes to the sender's Maildir, `mail/s/`.
struct MailboxAgent: Agent {
  private let agent: LocalAgent

  init(_ spool: Spool, _ disk: any Disk, _ quota: MaildirQuota? = nil, clock: @escaping @Sendable () -> Int64) {
    var settings = UserSettings(virtualMailboxBase: "mail")
    settings.quota = quota
    let users = UserDirectory(settings) { key in
      key.hasPrefix("@") || key.hasPrefix("gone") ? nil : String(key.prefix { $0 != "@" }) + (Self.isFile(key) ? "" : "/")
    }
    agent = LocalAgent(spool, worker: 0, disk: disk, users: users, senders: Self.reporter(spool, clock), clock: clock) { _ in }
  }

  private static func reporter(_ spool: Spool, _ clock: @escaping @Sendable () -> Int64) -> SenderReporter {
    let writer = ReportWriter(hostname: "mx.example.com", origin: "mx.example.com", product: "Weir")
    let rules = ReportRules(postmaster: "postmaster@example.com", doubleBounceSender: "double-bounce@mx.example.com")
    let means = SenderReporter.Means(
      offload: { body in
        body()
        return true
      },
      resolve: { Recipient(address: $0, original: $0, route: .virtual) }, clock: clock, zone: { _ in .utc }, log: { _ in })
    return SenderReporter(SenderReporter.Settings(rules: rules, writer: writer, hostname: "mx.example.com"), spool: spool, means: means)
  }

  static func isFile(_ address: String) -> Bool { address.hasPrefix("box") }

  static func isNobody(_ address: String) -> Bool { address.hasPrefix("gone") }

  func deliverReady() { while agent.runOnce() {} }

  /// The message and the recipient that a file in a mailbox is for.
  static func parse(_ name: String) -> (QueueID, Int)? {
    guard let middle = name.split(separator: ".").dropFirst().first, let q = middle.firstIndex(of: "Q"),
      let r = middle.lastIndex(of: "R"), q < r, let id = QueueID(String(middle[middle.index(after: q)..<r])),
      let recipient = Int(middle[middle.index(after: r)...])
    else { return nil }
    return (id, recipient)
  }
}
