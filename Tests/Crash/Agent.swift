// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Queue
import Runtime
import Spool

/// Delivers what is ready: virtual users to `mail/<address>`, remote ones to a relay that always says yes.
final class Agent {
  private let spool: Spool
  private let disk: any Disk
  private let store: MaildirStore
  var relayed: (QueueID, Int) -> Void = { _, _ in }

  init(_ spool: Spool, _ disk: any Disk) {
    self.spool = spool
    self.disk = disk
    store = MaildirStore(disk: disk, volume: Volumes(disk: disk).volume)
  }

  /// Answers whom something was noted for.
  func deliverReady(now: Int64) throws -> [(QueueID, Int)] {
    var noted: [(QueueID, Int)] = []
    while true {
      let messages = spool.takeReadyNow(worker: 0, max: 8)
      if messages.isEmpty { return noted }
      for message in messages {
        for recipient in message.due {
          if try deliver(message, recipient, now) { noted.append((message.id, recipient.index)) }
        }
        spool.attemptEnded(message.id)
      }
    }
  }

  private func deliver(_ message: QueuedMessage, _ due: DueRecipient, _ now: Int64) throws -> Bool {
    let recipient = message.envelope.recipients[due.index]
    if recipient.route == .remote {
      relayed(message.id, due.index)
      spool.note(message.id, recipient: due.index, .relayed)
      return true
    }
    do {
      try deliverLocally(message, due, recipient.address, now)
      return true
    } catch let error as MailboxError {
      let reason = Reason(status: error.status, text: error.text)
      spool.note(message.id, recipient: due.index, .deferred(Deferral(until: now + 1, reason: reason)))
      return false
    }
  }

  private func deliverLocally(_ message: QueuedMessage, _ due: DueRecipient, _ address: String, _ now: Int64) throws {
    guard let location = MaildirLocation(base: "mail", relative: address) else { return }
    let name = mailboxFileName(message.id, recipient: due.index, message.envelope)
    let base = try disk.open("mail", at: nil, [.read, .directory], mode: 0)
    defer { try? disk.close(base) }
    let volume = try spool.mailboxVolume(of: base)
    var place = MaildirStore.Place.new
    switch try find(message, due, name, location) {
    case .intact where due.replay == .verify: return spool.note(message.id, recipient: due.index, .stable)
    case .intact,
      .absent where due.replay == .rewrite:
      return spool.note(message.id, recipient: due.index, .stable)
    case .damaged(let found): place = found
    case .absent: break
    }
    let delivery = try store.deliver(name, to: location, at: place, now: now, durable: due.replay == .rewrite || !volume.isLazy) {
      (writer) throws(DiskError) in
      do throws(SpoolError) { try message.forEachBlock { (pieces) throws(DiskError) in try writer.write(pieces) } } catch {
        if case .disk(let error) = error { throw error }
        throw DiskError(code: DiskError.inputOutput, operation: "read")
      }
    }
    note(message, due, name, location, delivery, volume)
  }

  private func note(
    _ message: QueuedMessage, _ due: DueRecipient, _ name: String, _ location: MaildirLocation, _ delivery: MaildirStore.Delivery,
    _ volume: MailboxVolume
  ) {
    if delivery.isDurable { return spool.note(message.id, recipient: due.index, .stable) }
    let delivered = Delivered(
      path: location.path, name: name, length: delivery.seal.length, crc: delivery.seal.checksum,
      boot: Boot(high: disk.bootID.high, low: disk.bootID.low))
    spool.note(message.id, recipient: due.index, .delivered(delivered), on: volume)
  }

  /// For `renew` and `rewrite` what is found counts as damaged whatever it looks like.
  private func find(
    _ message: QueuedMessage, _ due: DueRecipient, _ name: String, _ location: MaildirLocation
  ) throws -> MaildirSearch.Finding {
    if due.replay == .none { return .absent }
    var crc = CRC32C()
    try message.forEachBlock { pieces in for piece in pieces { crc.update(piece) } }
    let wanted = FileSeal(length: due.replay == .verify ? message.size : -1, checksum: crc.value)
    return try MaildirSearch(disk: disk).find(name, in: location, wanted)
  }

  /// The message and the recipient that a file in a mailbox is for.
  static func parse(_ name: String) -> (QueueID, Int)? {
    guard let middle = name.split(separator: ".").dropFirst().first, let q = middle.firstIndex(of: "Q"),
      let r = middle.lastIndex(of: "R"), q < r, let id = QueueID(String(middle[middle.index(after: q)..<r])),
      let recipient = Int(middle[middle.index(after: r)...])
    else { return nil }
    return (id, recipient)
  }
}
