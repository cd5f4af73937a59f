// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Embedded
import Queue
import Runtime
import Spool
import Testing

/// A spool and an agent on one simulated disk.
private final class SimulatedStation {
  let disk: SimulatedDisk
  let clock = Monitor<Int64>(1_360_231_200_000_000)
  let reports = Monitor<[DeliveryReport]>([])
  let spool: Spool
  let agent: LocalAgent

  init(_ disk: SimulatedDisk = SimulatedDisk(), mailKind: FileSystemKind = .ext4) throws {
    self.disk = disk
    for name in ["spool", "mail"] {
      do throws(DiskError) { try disk.makeDirectory(name, at: nil, mode: 0o700) } catch { guard error.isTaken else { throw error } }
    }
    try disk.synchronize(try disk.open(".", at: nil, [.read, .directory], mode: 0))
    if mailKind != .ext4 { disk.mount("mail", device: 2, kind: mailKind) }
    let (clock, reports) = (clock, reports)
    var settings = SpoolSettings()
    settings.segmentSize = 1 << 20
    settings.bigMessageSize = 64 << 10
    settings.noteDelay = .zero
    spool = try Spool(folder: "spool", disk: disk, settings: settings, clock: { clock.withLock { $0 } })
    spool.begin()
    agent = LocalAgent(
      spool, worker: 0, disk: disk, users: UserDirectory(UserSettings(virtualMailboxBase: "mail"), virtualMailbox: { _ in "ann/" }),
      senders: NobodyIsTold(), clock: { clock.withLock { $0 } }, report: { report in reports.withLock { $0.append(report) } })
  }

  func accept() -> QueueID {
    let id = spool.nextQueueID()
    let envelope = Envelope(
      sender: "a@b", arrival: clock.withLock { $0 }, host: "vm", recipients: [Recipient(address: "ann@x", original: "ann@x", route: .virtual)])
    let bytes = Array("A: b\n\nbody\n".utf8)
    _ = spool.memory.take(bytes.count)
    spool.submit(IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(bytes)]))) { outcome in
      #expect(outcome == .committed)
    }
    while spool.runOnce() {}
    return id
  }

  /// Works until nothing is left, however long that takes.
  func finish() {
    for _ in 0..<20 where spool.count > 0 {
      _ = agent.runOnce()
      spool.syncMailboxes(isDue: false)
      while spool.runOnce() {}
      clock.withLock { $0 += 4_000_000_000 }
    }
  }

  static let text = "Return-Path: <a@b>\nX-Original-To: ann@x\nDelivered-To: ann@x\nA: b\n\nbody\n"
}

@Suite struct DeliveryFaultTests {
  @Test(arguments: [DiskError.full, DiskError.inputOutput, DiskError.readOnly])
  func aFailureAtAnyOperationLosesAndDoublesNothing(_ code: Int32) throws {
    let calm = try SimulatedStation()
    _ = calm.accept()
    let first = calm.disk.operationCount
    calm.finish()
    let last = calm.disk.operationCount
    #expect(last > first + 5)
    for failing in (first + 1)...last {
      let station = try SimulatedStation()
      let id = station.accept()
      station.disk.setFault { number, operation, path in
        number == failing ? DiskError(code: code, operation: operation, path: path) : nil
      }
      station.finish()
      let name = "1360231200.M0Q\(id)R0.vm"
      #expect(station.disk.image.names("mail/ann/new") == [name], "operation \(failing)")
      let written = station.disk.image.file("mail/ann/new/\(name)").map { String(decoding: $0, as: UTF8.self) }
      #expect(written == SimulatedStation.text, "operation \(failing)")
      #expect(station.spool.count == 0, "operation \(failing)")
    }
  }

  @Test func withoutRoomMailWaits() throws {
    let station = try SimulatedStation()
    _ = station.accept()
    station.disk.setFault { _, operation, path in operation == "write" ? DiskError(code: DiskError.full, operation: operation, path: path) : nil }
    _ = station.agent.runOnce()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.status == .deferred)
    #expect(report.dsn == "4.3.1")
    #expect(report.text == "maildir delivery failed: error writing message: No space left on device")
    #expect(station.disk.image.names("mail/ann/tmp") == [])
    station.disk.setFault(nil)
    station.clock.withLock { $0 += 300_000_000 }
    _ = station.agent.runOnce()
    #expect(station.disk.image.names("mail/ann/new").count == 1)
  }

  @Test(arguments: [FileSystemKind.other, .ext4]) func onOtherFileSystemsEachFileIsDurableAtOnce(_ kind: FileSystemKind) throws {
    let station = try SimulatedStation(mailKind: kind)
    let base = DiskImage()
    _ = station.accept()
    _ = station.agent.runOnce()
    var last: DiskHistory.Moment?
    station.disk.history(from: base).forEachMoment { last = $0 }
    let image = try #require(last).imageAfterPowerCut { _ in false }
    #expect(image.names("mail/ann/new").count == (kind == .other ? 1 : 0))
    #expect(station.reports.withLock { $0.map(\.status) } == [.sent])
  }

  @Test func afterAPowerCutABrokenFileIsWrittenAgain() throws {
    let station = try SimulatedStation()
    let id = station.accept()
    _ = station.agent.runOnce()
    while station.spool.runOnce() {}
    let name = "1360231200.M0Q\(id)R0.vm"
    var last: DiskHistory.Moment?
    station.disk.history().forEachMoment { last = $0 }
    let moment = try #require(last)
    for picked in DiskHistory.subsets(of: moment.pendingCount, random: 20, seed: 7) {
      let next = try SimulatedStation(moment.afterPowerCut { picked[$0] })
      next.finish()
      #expect(next.disk.image.names("mail/ann/new") == [name])
      #expect(next.disk.image.file("mail/ann/new/\(name)").map { String(decoding: $0, as: UTF8.self) } == SimulatedStation.text)
      #expect(next.spool.count == 0)
    }
  }
}

/// For tests in which nothing fails for good.
struct NobodyIsTold: SenderReports {
  func report(_ results: [RecipientResult], of message: QueuedMessage, done: @escaping @Sendable (Bool) -> Void) { done(true) }
}
