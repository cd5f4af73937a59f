// SPDX-License-Identifier: Apache-2.0
import Queue

/// A way out of the spool: what is ready there, and what will be at its time.
struct Door {
  /// Who takes what is ready.
  enum Name: UInt8 {
    /// Agents that put copies into mailboxes: messages for nobody else.
    case mailboxes
    /// The scheduler: everything else.
    case scheduler
  }

  /// Ready now: fresh ones as objects, others as ids; turn and turn about.
  var fresh = FIFO<QueuedMessage>()
  var backlog = FIFO<QueueID>()
  var backlogTurn = false
  /// Their process died during their delivery, more than once (`Agenda.isSuspect`): each is taken alone.
  var suspects = FIFO<QueueID>()
  var parked = Timetable<QueueID>()

  /// Something may be taken without waiting for its time.
  var hasReady: Bool { !fresh.isEmpty || !backlog.isEmpty || !suspects.isEmpty }
}

extension Agenda {
  subscript(name: Door.Name) -> Door {
    _read { if name == .mailboxes { yield mailboxes } else { yield scheduler } }
    _modify { if name == .mailboxes { yield &mailboxes } else { yield &scheduler } }
  }

  /// Whose business a message for such recipients is.
  func door(_ routes: Recipient.Routes) -> Door.Name { routes.isSubset(of: ownRoutes) ? .mailboxes : .scheduler }
}
