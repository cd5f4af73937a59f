// SPDX-License-Identifier: Apache-2.0
import Embedded
import Mailbox
import Message
import Queue
import Runtime
import Spool

/// The windows in which a crash may bring a message twice, as docs/spool.md lists them. Outside of them nothing comes twice, and nothing
/// is lost anywhere.
enum Window: String, CaseIterable {
  /// Accepted, but the client had not read the 250.
  case answerLost
  /// Refused because the disk failed, and the crash came before that was on record.
  case refusedButKept
  /// Another server took it, and the crash came before that was on record.
  case relayedBeforeNoted
  /// The report to the sender was queued, and the crash came before the failure was on record.
  case reportedBeforeNoted
  /// Its reader had taken it out of the mailbox, and the crash came before the delivery was on record.
  case takenBeforeNoted
  /// Its reader had taken it out of the mailbox, and the power went before the spool had forgotten it.
  case takenBeforeForgotten
}

/// Lets a disk recover from a crash and compares what is in the mailboxes with what the diary says had been promised.
struct Judge {
  let diary: [World.Entry]
  let sent: [QueueID: World.Sent]
  /// Operations done before the crash.
  let step: Int
  let isPowerCut: Bool
  /// A mailbox file may have NULs where a copy was begun: a disk that fails keeps what was to be taken back.
  var allowsHoles = false
  /// Of the Maildirs.
  var quota: MaildirQuota?

  struct Verdict {
    var faults: [String] = []
    var windows: Set<Window> = []
  }

  func judge(_ disk: SimulatedDisk) -> Verdict {
    do {
      let world = try recover(disk)
      var verdict = Verdict()
      for (id, message) in sent {
        for recipient in message.recipients.indices { check(id, recipient, message, world, &verdict) }
      }
      for address in Set(sent.values.flatMap(\.recipients).map(\.address)) where MailboxAgent.isFile(address) { checkFile(address, world, &verdict) }
      for address in Set(sent.values.flatMap(\.recipients).map(\.address)) where !MailboxAgent.isFile(address) {
        checkQuota(address, world, &verdict)
      }
      if world.spool.count != 0 { verdict.faults.append("left in the spool at step \(step) power \(isPowerCut): \(world.spool.list())") }
      return verdict
    } catch {
      return Verdict(faults: ["recovery failed: \(error)"])
    }
  }

  /// Goes through all lanes; answers the world of the first one.
  private func recover(_ disk: SimulatedDisk) throws -> World {
    for lane in Lane.all(in: World.queue, disk: disk).dropFirst() {
      guard try recover(disk, lane: lane).spool.count == 0 else { throw SpoolError.locked }
    }
    return try recover(disk, lane: 0)
  }

  private func recover(_ disk: SimulatedDisk, lane: UInt8) throws -> World {
    let isRelay = sent.values.contains { $0.recipients.contains { $0.route == .remote } }
    let world = try World(disk, lane: lane, isRelay: isRelay, quota: quota)
    world.clock.advance(seconds: 3600)
    world.spool.begin()
    for _ in 0..<4 {
      world.deliver()
      world.makeStable()
      if world.spool.count == 0 { break }
      world.clock.advance(seconds: 3600)
    }
    return world
  }

  // MARK: what had happened before the crash

  private func had(_ event: World.Event) -> Bool { diary.contains { $0.step <= step && $0.event == event } }

  private func check(_ id: QueueID, _ recipient: Int, _ message: World.Sent, _ world: World, _ verdict: inout Verdict) {
    let isRemote = message.recipients[recipient].route == .remote
    if MailboxAgent.isNobody(message.recipients[recipient].address) { return checkReports(id, recipient, message, world, &verdict) }
    let copies = isRemote ? relays(id, recipient, world) : copiesInHand(id, recipient, filesNow(id, recipient, message, world, &verdict))
    let promised = had(.accepted(id))
    if promised && copies == 0 { verdict.faults.append("\(id) recipient \(recipient) lost at step \(step)") }
    guard copies > (promised ? 1 : 0) else { return }
    guard let window = window(id, recipient, isRemote, promised) else {
      return verdict.faults.append("\(id) recipient \(recipient) came \(copies) times, cut at step \(step), promised \(promised)")
    }
    verdict.windows.insert(window)
  }

  /// Each failure is reported, in a report that is whole.
  private func checkReports(_ id: QueueID, _ recipient: Int, _ message: World.Sent, _ world: World, _ verdict: inout Verdict) {
    let address = message.recipients[recipient].address
    let reports = world.disk.image.names("mail/s/new").compactMap { world.disk.image.file("mail/s/new/\($0)") }
      .map { String(decoding: $0, as: UTF8.self) }.filter { $0.contains("\nX-Weir-Queue-ID: \(id)\n") }
    for report in reports where !report.hasPrefix("Return-Path: <>\n") || !report.hasSuffix("/mx.example.com--\n") {
      verdict.faults.append("a report is broken, cut at step \(step)")
    }
    let count = reports.filter { $0.contains("\n<\(address)>: unknown user: \"\(address)\"\n") }.count
    if had(.accepted(id)), count == 0 { verdict.faults.append("\(id): no report on recipient \(recipient), cut at step \(step)") }
    guard count > 1 else { return }
    if had(.noted(id, recipient: recipient)) {
      verdict.faults.append("\(id): \(count) reports on recipient \(recipient), cut at step \(step)")
    } else {
      verdict.windows.insert(.reportedBeforeNoted)
    }
  }

  private func window(_ id: QueueID, _ recipient: Int, _ isRemote: Bool, _ promised: Bool) -> Window? {
    if had(.refused(id)) { return .refusedButKept }
    if !promised { return .answerLost }
    if isRemote { return had(.noted(id, recipient: recipient)) ? nil : .relayedBeforeNoted }
    guard had(.taken(id, recipient: recipient)) else { return nil }
    if !had(.noted(id, recipient: recipient)) { return .takenBeforeNoted }
    return isPowerCut && !had(.forgotten(id)) ? .takenBeforeForgotten : nil
  }

  /// Those in the mailbox and the one that the reader had taken.
  private func copiesInHand(_ id: QueueID, _ recipient: Int, _ files: Int) -> Int {
    if had(.taken(id, recipient: recipient)) { return files + 1 }
    // The reader's own deletion may have reached the disk or not.
    return had(.taking(id, recipient: recipient)) ? max(files, 1) : files
  }

  private func relays(_ id: QueueID, _ recipient: Int, _ world: World) -> Int {
    let before = diary.filter { $0.step <= step && $0.event == .relayed(id, recipient: recipient) }.count
    return before + world.diary.filter { $0.event == .relayed(id, recipient: recipient) }.count
  }

  /// Good copies in the recipient's mailbox; any other file there is a fault.
  private func filesNow(_ id: QueueID, _ recipient: Int, _ message: World.Sent, _ world: World, _ verdict: inout Verdict) -> Int {
    let image = world.disk.image
    let address = message.recipients[recipient].address
    if MailboxAgent.isFile(address) { return copiesInFile(address, message, world, &verdict) }
    let folder = "mail/\(address.prefix { $0 != "@" })"
    let header = DeliveryHeaders.compose(sender: "s@example.org", original: address, recipient: address)
    var count = 0
    for place in ["\(folder)/new", "\(folder)/cur"] {
      for name in image.names(place) {
        guard let found = MailboxAgent.parse(name), found == (id, recipient) else { continue }
        count += 1
        if image.file("\(place)/\(name)") != header + message.content { verdict.faults.append("\(name) is broken, cut at step \(step)") }
      }
    }
    return count
  }
}
