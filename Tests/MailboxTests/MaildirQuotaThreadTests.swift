// SPDX-License-Identifier: Apache-2.0
import Runtime
import Testing

@testable import Mailbox

/// One Maildir, and many that deliver into it, each with descriptors of its own as processes have them.
@Suite(.timeLimit(.minutes(2))) struct MaildirQuotaThreadTests {
  private let folder = Folder()
  private static let quota = MaildirQuota(bytes: 1 << 40, messages: 0)

  /// Delivers `count` messages, as MailboxWriter does, and calls `body` after each.
  private func deliver(_ worker: Int, count: Int, to location: MaildirLocation, _ body: (Int) -> Void) throws {
    let disk = LinuxDisk()
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    for number in 0..<count {
      let text = [UInt8](repeating: 0x78, count: 100 + number)
      try store.checkQuota(Self.quota, of: location, adding: Int64(text.count), now: 0)
      let delivery = try store.deliver("\(worker).\(number)", to: location, now: 0) { writer throws(DiskError) in
        try text.withBytes { bytes throws(DiskError) in try writer.write([bytes]) }
      }
      store.noteSize(delivery.seal.length, Self.quota, in: location, now: 0)
      body(number)
    }
  }

  private func all(_ workers: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let threads = try (0..<workers).map { worker in
      try Thread(name: "deliver-\(worker)") {
        do { try body(worker) } catch { Issue.record(error) }
      }
    }
    for thread in threads { thread.join() }
  }

  private func noted(_ sizes: String) -> MaildirUsage? {
    var usage = MaildirUsage()
    for line in sizes.split(separator: "\n").dropFirst() {
      let numbers = line.split(separator: " ").map { Int64($0) }
      guard numbers.count == 2, let bytes = numbers[0], let messages = numbers[1] else { return nil }
      usage.add(MaildirUsage(bytes: bytes, messages: messages))
    }
    return usage
  }

  /// Nobody counts anew here, so that each delivery must be noted once: those that begin at the same moment too.
  @Test func everyDeliveryIsNotedOnce() throws {
    let (workers, count) = (6, 20)
    for round in 0..<4 {
      let location = try #require(MaildirLocation(base: folder.path, relative: "ann\(round)/"))
      try all(workers) { worker in try deliver(worker, count: count, to: location) { _ in } }
      let sizes = try #require(folder.read("ann\(round)/maildirsize").map { String(decoding: $0, as: UTF8.self) })
      let bytes = (0..<count).reduce(0) { $0 + 100 + $1 } * workers
      #expect(noted(sizes) == MaildirUsage(bytes: Int64(bytes), messages: Int64(workers * count)))
    }
  }

  /// While others deliver, one finds the Maildir full again and again, and counts. What it writes is never half there, and the last count is right.
  @Test func countingAnewMeanwhile() throws {
    let location = try #require(MaildirLocation(base: folder.path, relative: "ann/"))
    let (workers, count) = (4, 30)
    try all(workers) { worker in
      try deliver(worker, count: count, to: location) { number in
        guard number % 5 == worker else { return }
        #expect(Self.quota.usage(of: location, adding: .max, disk: LinuxDisk(), now: .max) != nil)
      }
    }
    let sizes = try #require(folder.read("ann/maildirsize").map { String(decoding: $0, as: UTF8.self) })
    #expect(noted(sizes) != nil)
    let bytes = (0..<count).reduce(0) { $0 + 100 + $1 } * workers
    let usage = Self.quota.usage(of: location, adding: .max, disk: LinuxDisk(), now: .max)
    #expect(usage == MaildirUsage(bytes: Int64(bytes), messages: Int64(workers * count)))
  }
}
