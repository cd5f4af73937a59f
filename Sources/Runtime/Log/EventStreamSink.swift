// SPDX-License-Identifier: Apache-2.0
import CLinux
import Events
import Glibc

/// Events as JSON for the readers of a socket. One that does not keep up is let go; without readers nothing is rendered.
final class EventStreamSink: LogSink {
  private struct Reader {
    let peer: EventSocket.EventReader
    var waiting: [UInt8] = []
    var isGone = false
  }

  private let socket: EventSocket
  private var readers: [Reader] = []
  private var dropped = 0
  private var warnings: [String] = []
  private var lines: [UInt8] = []

  /// What may wait for one reader.
  private static let maximumWaiting = 1 << 20
  private static let retryTime = Duration.milliseconds(20)

  init(_ socket: EventSocket) { self.socket = socket }

  deinit { for reader in readers { closeDescriptor(reader.peer.descriptor) } }

  var retryAfter: Duration? { readers.contains { !$0.waiting.isEmpty } ? Self.retryTime : nil }

  func takeWarnings() -> [String] {
    defer { warnings = [] }
    return warnings
  }

  func write(_ batch: LogBatch, _ stamps: inout Stamps) {
    readers += socket.takeArrived().map { Reader(peer: $0) }
    if readers.isEmpty { return }
    batch.forEach { event in
      stamps.set(event.time)
      JSONLine.append(event, batch.origin, stamp: stamps.rfc3339(event.time), to: &lines)
    }
    for index in readers.indices { send(lines, to: &readers[index]) }
    lines.removeAll(keepingCapacity: lines.capacity < 1 << 18)
    removeGone()
  }

  private func send(_ lines: [UInt8], to reader: inout Reader) {
    reader.waiting += lines
    var sent = 0
    reader.waiting.withUnsafeBytes { bytes in
      while sent < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        let result = clinux_send(reader.peer.descriptor, rest.baseAddress, rest.count)
        if result < 0 {
          reader.isGone = result != -Int(EAGAIN)
          return
        }
        sent += result
      }
    }
    reader.waiting.removeFirst(sent)
    if reader.waiting.count > Self.maximumWaiting { drop(&reader) }
  }

  private func drop(_ reader: inout Reader) {
    reader.isGone = true
    dropped += 1
    warnings.append("events: process \(reader.peer.pid) of user \(reader.peer.uid) reads too slowly and is let go; \(dropped) so far")
  }

  private func removeGone() {
    let gone = readers.filter(\.isGone)
    if gone.isEmpty { return }
    for reader in gone { closeDescriptor(reader.peer.descriptor) }
    readers.removeAll(where: \.isGone)
    socket.left(gone.count)
  }
}
