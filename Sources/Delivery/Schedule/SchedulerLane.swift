// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// The queue of one lane, as the scheduler sees it: a thread that takes what is ready there, finds its way and hands it over.
package final class SchedulerLane: Sendable {
  package let spool: Spool
  private let router: any Router
  private let room: SchedulerRoom
  private let thread = Monitor<Thread?>(nil)
  private let isClosing = Monitor(false)
  let number: Int
  /// The first of its pages of the marker file.
  private let worker: Int
  /// How its own mailboxes are written to; nil where there are none.
  let mailboxes: (any Transport)?
  /// Tells who has sent its messages.
  let senders: any SenderReports

  /// Enough to share a hop between threads, few enough that others have a share.
  private static let batchSize = 64
  /// What many recipients take to find their way, deliveries need not wait for.
  private static let batchRecipients = 256

  init(_ spool: Spool, number: Int, worker: Int, router: any Router, room: SchedulerRoom, mailboxes: (any Transport)?, senders: any SenderReports) {
    self.spool = spool
    self.number = number
    self.worker = worker
    self.router = router
    self.room = room
    self.mailboxes = mailboxes
    self.senders = senders
  }

  func start(_ admit: @escaping @Sendable ([RoutedMessage]) -> Void) throws(SystemError) {
    let started = try Thread(name: "sched-\(number)") { [self] in run(admit) }
    thread.withLock { $0 = started }
  }

  /// Takes nothing more; returns when the thread has ended.
  func close() {
    isClosing.withLock { $0 = true }
    spool.stopDelivery()
    room.wake()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  func mark(_ ids: [QueueID]) { spool.markAttempts(ids, worker: worker) }

  /// Nothing of it is touched any more.
  var isClosed: Bool { isClosing.withLock { $0 } }

  private func run(_ admit: ([RoutedMessage]) -> Void) {
    while spool.waitForScheduled() {
      while let places = room.take(SchedulerLane.batchSize, unless: { isClosed }) {
        let messages = spool.takeScheduled(max: places)
        room.giveBack(places - messages.count)
        room.note(recipients: messages.reduce(0) { $0 + $1.due.count })
        if messages.isEmpty { break }
        route(messages, admit)
      }
    }
  }

  private func route(_ messages: [QueuedMessage], _ admit: ([RoutedMessage]) -> Void) {
    var routed: [RoutedMessage] = []
    var recipients = 0
    for message in messages {
      routed.append(RoutedMessage(message, router))
      recipients += message.due.count
      guard recipients >= SchedulerLane.batchRecipients else { continue }
      admit(routed)
      (routed, recipients) = ([], 0)
    }
    if !routed.isEmpty { admit(routed) }
  }
}

/// How many messages the scheduler may have at a time, and with how many recipients: `qmgr_message_active_limit`, `qmgr_message_recipient_limit`.
final class SchedulerRoom: Sendable {
  private struct Left {
    var messages: Int
    /// Negative when the last that came had more than there was room for.
    var recipients: Int

    var isNone: Bool { messages <= 0 || recipients <= 0 }
  }

  private let left: Monitor<Left>

  init(messages: Int, recipients: Int) { left = Monitor(Left(messages: max(1, messages), recipients: max(1, recipients))) }

  func note(recipients count: Int) { left.withLock { $0.recipients -= count } }

  /// Waits for room; answers up to `most` places, or nil when `isOver`.
  func take(_ most: Int, unless isOver: () -> Bool) -> Int? {
    left.wait { left in
      if isOver() { return .some(nil) }
      if left.isNone { return nil }
      let taken = min(most, left.messages)
      left.messages -= taken
      return taken
    }
  }

  func giveBack(_ places: Int, recipients: Int = 0) {
    guard places > 0 else { return }
    let wasFull = left.withLock { left in
      defer {
        left.messages += places
        left.recipients += recipients
      }
      return left.isNone
    }
    if wasFull { left.signal() }
  }

  func wake() { left.signal() }
}
