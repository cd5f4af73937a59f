// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc
import Queue
import Runtime
import Testing

@testable import Spool

/// The spool as the daemon runs it: threads, and a real disk.
@Suite(.timeLimit(.minutes(1))) struct ThreadTests {
  /// A folder that goes with the test.
  private final class Folder: Sendable {
    let path: String
    private let disk = LinuxDisk()

    init() throws {
      path = "/tmp/weir-spool-\(disk.random())"
      try disk.makeDirectory(path, at: nil, mode: 0o700)
    }

    deinit { Self.remove(path, disk) }

    private static func remove(_ path: String, _ disk: LinuxDisk) {
      guard let handle = try? disk.open(path, at: nil, [.read, .directory, .noFollow], mode: 0) else { return }
      for name in (try? disk.list(handle)) ?? [] {
        if (try? disk.unlink(name, at: handle)) == nil { remove("\(path)/\(name)", disk) }
      }
      try? disk.close(handle)
      rmdir(path)
    }
  }

  private func spool(_ folder: Folder, _ witness: Witness) throws -> Spool {
    let time = ManualTime()
    return try Spool(
      folder: folder.path + "/lane", disk: LinuxDisk(), settings: .small, clock: { time.now },
      report: { event in witness.events.withLock { $0.append(event) } })
  }

  @Test func committedByManyTakenByTwoAndOver() async throws {
    let folder = try Folder()
    let witness = Witness()
    let spool = try spool(folder, witness)
    try spool.start()
    let seen = Monitor<[QueueID]>([])
    let workers = try (0..<2).map { worker in
      try Thread(name: "worker-\(worker)") {
        while true {
          let messages = spool.takeReady(worker: worker, max: 7)
          if messages.isEmpty { return }
          for message in messages {
            spool.note(message.id, recipient: 0, .relayed)
            spool.attemptEnded(message.id)
            seen.withLock { $0.append(message.id) }
            seen.signal()
          }
        }
      }
    }
    let outcomes = await withTaskGroup(of: CommitOutcome.self) { group in
      for number in 0..<200 {
        group.addTask {
          let content = IncomingMessage.Content.memory([ContentChunk(text(number))])
          _ = spool.memory.take(text(number).count)
          return await spool.commit(IncomingMessage(id: spool.nextQueueID(), envelope: testEnvelope(), content: content))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count == 200 && outcomes.allSatisfy { $0 == .committed })
    _ = seen.wait { seen -> Bool? in seen.count == 200 ? true : nil }
    spool.stopDelivery()
    for worker in workers { worker.join() }
    spool.stop()
    #expect(Set(seen.withLock { $0 }).count == 200)
    #expect(spool.memory.used == 0)
    #expect(spool.count == 0)
    #expect(!witness.reported.contains { if case .writeFailed = $0 { true } else { false } })
  }

  @Test func whatIsLeftAtTheEndIsThereAtTheStart() async throws {
    let folder = try Folder()
    let witness = Witness()
    var ids: [QueueID] = []
    do {
      let first = try spool(folder, witness)
      try first.start()
      for number in 0..<5 {
        let id = first.nextQueueID()
        ids.append(id)
        let content = IncomingMessage.Content.memory([ContentChunk(text(number))])
        #expect(await first.commit(IncomingMessage(id: id, envelope: testEnvelope(), content: content)) == .committed)
      }
      first.stop()
      let late = IncomingMessage(id: first.nextQueueID(), envelope: testEnvelope(), content: .memory([]))
      #expect(await first.commit(late) == .localError(cause: "stopping"))
    }
    let second = try spool(folder, witness)
    #expect(second.list().map(\.id) == ids)
    #expect(try second.content(ids[3]) == text(3))
    #expect(!witness.reported.contains { if case .tornTail = $0 { true } else { false } })
  }

  @Test func aSecondOwnerIsRefused() throws {
    let folder = try Folder()
    let first = try spool(folder, Witness())
    #expect(throws: SpoolError.locked) { try spool(folder, Witness()) }
    withExtendedLifetime(first) {}
  }
}
