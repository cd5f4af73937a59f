// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// What is to be done with a message for some recipients, as the mta tells it to whoever does it: itself, or the mailbox process, which may become other
/// users.
package struct ProgramOrder: Equatable, Sendable {
  /// Of a `transport` block, with its next hop; empty for a recipient with an alias, a .forward file or a command.
  package var transport: String
  package var nexthop: String
  package var id: QueueID
  package var size: Int64
  /// With these recipients alone.
  package var envelope: Envelope

  package init(transport: String = "", nexthop: String = "", id: QueueID, size: Int64, envelope: Envelope) {
    self.transport = transport
    self.nexthop = nexthop
    self.id = id
    self.size = size
    self.envelope = envelope
  }

  /// The message for some of its recipients.
  init(_ message: QueuedMessage, recipients: [Int], transport: String = "", nexthop: String = "") {
    var envelope = message.envelope
    envelope.recipients = recipients.compactMap { envelope.recipients.indices.contains($0) ? envelope.recipients[$0] : nil }
    self.init(transport: transport, nexthop: nexthop, id: message.id, size: message.size, envelope: envelope)
  }
}

/// What became of an order.
package enum ProgramAnswer: Equatable, Sendable {
  case done(ProgramOutcome)
  /// Who gets the message next, in a new one. `owner`: its sender; nil: as before. `text`: what was done already.
  case sendOn([Target], owner: String?, text: String?)

  package struct Target: Hashable, Sendable {
    package let address: String
    /// Its mailbox, and nothing else.
    package let isFinal: Bool
  }
}

/// Does what orders say. On threads that may block.
package protocol ProgramPerformer: Sendable {
  func perform(_ order: ProgramOrder, _ message: QueuedMessage) -> ProgramAnswer
}

/// In this process, as its own user.
package struct OwnPrograms: ProgramPerformer {
  private let handler: ProgramHandler

  package init(_ handler: ProgramHandler) { self.handler = handler }

  package func perform(_ order: ProgramOrder, _ message: QueuedMessage) -> ProgramAnswer {
    handler.handle(order, SpooledMail(message: message)) { user throws(ProgramPlaceError) in
      if let user, user.uid != SystemUser.currentUID {
        throw ProgramPlaceError(text: "cannot act as \(user.name): Weir is not started as root")
      }
    }
  }
}
