// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime
import Spool

/// A queue full of deferred mail: `make FOLDER COUNT` fills one by way of the spool itself, `open FOLDER` starts on it as the daemon does, and says
/// how long that takes and how much memory it needs.
@main
struct DeferredQueue {
  static func main() {
    let words = CommandLine.arguments
    do {
      switch words.dropFirst().first {
      case "make" where words.count == 4: try make(words[2], Int(words[3]) ?? 0)
      case "open" where words.count == 3: try open(words[2])
      default: print("usage: DeferredQueue make FOLDER COUNT | open FOLDER")
      }
    } catch {
      print("\(error)")
    }
  }

  private static func spool(_ folder: String) throws(SpoolError) -> Spool {
    var settings = SpoolSettings()
    settings.ownRoutes = .mailboxes
    settings.memoryLimit = 1 << 30
    return try Spool(folder: folder, disk: LinuxDisk(), settings: settings, clock: wallClock)
  }

  private static func make(_ folder: String, _ count: Int) throws {
    let spool = try spool(folder)
    try spool.start()
    let content = [ContentChunk(Array("Subject: waiting\n\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 400) + [10])]
    let left = Monitor(0)
    for start in stride(from: 0, to: count, by: 2000) {
      let numbers = start..<min(start + 2000, count)
      left.withLock { $0 = numbers.count }
      for number in numbers { submit(number, content, to: spool, left) }
      _ = left.wait { $0 == 0 ? true : nil }
      putOff(spool)
    }
    spool.stop()
  }

  private static func submit(_ number: Int, _ content: [ContentChunk], to spool: Spool, _ left: Monitor<Int>) {
    let recipient = "someone\(number)@destination\(number % 10_000).example"
    let envelope = Envelope(
      sender: "sender\(number % 100)@example.com", arrival: wallClock(), host: "mx.example.com",
      recipients: [Recipient(address: recipient, original: recipient, route: .remote)])
    _ = spool.memory.take(content.reduce(0) { $0 + $1.count })
    spool.submit(IncomingMessage(id: spool.nextQueueID(), envelope: envelope, content: .memory(content))) { _ in
      left.withLock { $0 -= 1 }
      left.signal()
    }
  }

  /// As after an attempt that failed: the next is in an hour or so.
  private static func putOff(_ spool: Spool) {
    while true {
      let messages = spool.takeScheduled(max: 256)
      if messages.isEmpty { return }
      for message in messages where spool.begin(message.id) {
        let reason = Reason(status: "4.4.1", text: "connect to mx.destination.example[192.0.2.1]:25: Connection timed out")
        let until = wallClock() + 3_600_000_000 + Int64(message.id.rawValue % 3_600_000_000)
        for due in message.due { spool.note(message.id, recipient: due.index, .deferred(Deferral(until: until, reason: reason))) }
        spool.attemptEnded(message.id)
      }
    }
  }

  private static func open(_ folder: String) throws {
    let before = Instant.now()
    let spool = try spool(folder)
    let read = Instant.now()
    try spool.start()
    let started = Instant.now()
    print("messages \(spool.count)  read \(seconds(before, read)) s  opened \(seconds(read, started)) s")
  }

  private static func seconds(_ from: Instant, _ to: Instant) -> String {
    let hundredths = (to.nanoseconds - from.nanoseconds) / 10_000_000
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
