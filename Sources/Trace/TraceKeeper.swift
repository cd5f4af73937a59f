// SPDX-License-Identifier: Apache-2.0
import Events
import Runtime

/// Takes the records of a process and writes them to the database, on a thread of its own. Nobody waits for it: what it has no room for is counted.
package final class TraceKeeper: TraceTaker {
  package struct Settings: Sendable {
    package var path: String
    package var keep: Duration
    package var sizeLimit: Int64
    package var keepsAddresses = true
    /// Else lines of the log, which quote messages, are left out. What else tells of their text is told by nobody then.
    package var keepsSubjects = true

    package init(path: String, keep: Duration, sizeLimit: Int64) {
      self.path = path
      self.keep = keep
      self.sizeLimit = sizeLimit
    }
  }

  private struct Buffer {
    var records: [UInt8] = []
    var lost = 0
    var warnings: [String] = []
    var isFlushing = false
    var isWriting = false
  }

  private let buffer = Monitor(Buffer())

  /// What may wait for the disk.
  static let maximumBuffer = 8 << 20
  /// So long it collects.
  private static let collectionTime = Duration.milliseconds(500)
  /// More is written at once.
  private static let fullBuffer = 1 << 20

  package init(_ settings: Settings) throws(SystemError) {
    try Thread(name: "trace") { [buffer] in Self.run(buffer, settings) }.detach()
  }

  package func take(_ records: [UInt8], lost: Int) {
    let mustWake = buffer.withLock { buffer -> Bool in
      buffer.lost += lost
      guard buffer.records.count + records.count <= Self.maximumBuffer else {
        buffer.lost += Self.count(records)
        return false
      }
      let size = buffer.records.count
      buffer.records += records
      return size == 0 || size < Self.fullBuffer && buffer.records.count >= Self.fullBuffer
    }
    if mustWake { buffer.signal() }
  }

  private static func count(_ records: [UInt8]) -> Int {
    records.withUnsafeBytes { bytes in
      var (rest, count) = (bytes[...], 0)
      while RecordedEvent(&rest) != nil { count += 1 }
      return count
    }
  }

  package func takeWarnings() -> [String] {
    buffer.withLock { buffer in
      defer { buffer.warnings = [] }
      return buffer.warnings
    }
  }

  package func flush() {
    buffer.withLock { $0.isFlushing = true }
    buffer.signal()
    // A disk that does not answer must not keep the process from ending.
    _ = buffer.wait(timeout: .seconds(5)) { buffer -> Void? in buffer.records.isEmpty && !buffer.isWriting ? () : nil }
    buffer.withLock { $0.isFlushing = false }
  }

  // MARK: The thread

  private static func run(_ buffer: Monitor<Buffer>, _ settings: Settings) {
    var writer = TraceWriter(settings)
    while true {
      buffer.wait { $0.records.isEmpty ? nil : () }
      _ = buffer.wait(timeout: collectionTime) { $0.isFlushing || $0.records.count >= fullBuffer ? () : nil }
      let (records, lost) = buffer.withLock { buffer -> ([UInt8], Int) in
        defer { (buffer.records, buffer.lost, buffer.isWriting) = ([], 0, true) }
        return (buffer.records, buffer.lost)
      }
      writer.write(records)
      var warnings = writer.takeWarnings()
      if lost > 0 { warnings.append("trace: \(lost) events lost: the disk is too slow") }
      buffer.withLock { buffer in
        buffer.warnings += warnings
        buffer.isWriting = false
      }
      buffer.signal()
    }
  }
}
