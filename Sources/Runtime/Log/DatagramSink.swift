// SPDX-License-Identifier: Apache-2.0
import CLinux
import Events
import Glibc

/// A syslog daemon or the journal, by datagrams to its socket. It may be away and come back, or be slow: what it cannot take waits, up to a
/// limit; what is lost beyond that is counted, and the count is the first thing it gets afterwards.
final class DatagramSink: LogSink {
  enum Form {
    case syslog(facility: Int)
    case journal(facility: Int)
  }

  private let path: String
  private let form: Form
  private var socket: Int32?
  private var nextTry = Instant.distantPast
  /// One after the other; `ends` says where.
  private var waiting: [UInt8] = []
  private var ends: [Int] = []
  private var sent = 0
  private var lost = 0

  /// What may wait.
  static let maximumWaiting = 1 << 20
  /// A socket that is gone is looked for this often.
  private static let searchTime = Duration.seconds(1)
  /// One that is full is offered the rest after this.
  private static let retryTime = Duration.milliseconds(20)
  /// So long the other sinks may wait for this one, in milliseconds.
  private static let patience: Int32 = 20

  init(path: String, _ form: Form) {
    self.path = path
    self.form = form
  }

  deinit { if let socket { closeDescriptor(socket) } }

  var retryAfter: Duration? {
    if sent == ends.count { return nil }
    return socket == nil ? Self.searchTime : Self.retryTime
  }

  func write(_ batch: LogBatch, _ stamps: inout Stamps) {
    lost += batch.lost
    batch.forEach { event in
      guard waiting.count < Self.maximumWaiting else { return lost += 1 }
      stamps.set(event.time)
      append(event, batch.origin, stamps)
      ends.append(waiting.count)
    }
    send()
    if sent == ends.count { forget() }
    if lost > 0, ends.isEmpty { confess(batch.origin, &stamps) }
  }

  private func append(_ event: RecordedEvent, _ origin: LogOrigin, _ stamps: Stamps) {
    switch form {
    case .syslog(let facility): SyslogDatagram.append(event, origin, facility: facility, stamp: stamps.classic, to: &waiting)
    case .journal(let facility): JournalEntry.append(event, origin, facility: facility, to: &waiting)
    }
  }

  /// There is room again: says what is missing.
  private func confess(_ origin: LogOrigin, _ stamps: inout Stamps) {
    var record: [UInt8] = []
    let event = Event("master", .text("\(lost) log lines lost: \(path) was away or too slow"), severity: .warning)
    EventRecord.append(event, time: wallClock(), name: 0, to: &record)
    lost = 0
    record.withUnsafeBytes { bytes in
      var rest = bytes[...]
      guard let event = RecordedEvent(&rest) else { return }
      stamps.set(event.time)
      append(event, origin, stamps)
    }
    ends.append(waiting.count)
    send()
  }

  private func forget() {
    waiting.removeAll(keepingCapacity: waiting.capacity < 1 << 18)
    ends.removeAll(keepingCapacity: ends.capacity < 1 << 12)
    sent = 0
  }

  private func send() {
    guard sent < ends.count, connect() else { return }
    while sent < ends.count {
      let start = sent == 0 ? 0 : ends[sent - 1]
      switch waiting[start..<ends[sent]].withUnsafeBytes(sendOne) {
      case .taken: sent += 1
      case .full: if !hasRoomSoon() { return }
      case .gone: return disconnect()
      }
    }
  }

  /// Receivers' queues are short: 10 datagrams (net.unix.max_dgram_qlen), which a busy one takes at once.
  private func hasRoomSoon() -> Bool {
    guard let socket else { return false }
    var request = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, Self.patience) > 0
  }

  private enum Outcome { case taken, full, gone }

  private func sendOne(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    guard let socket else { return .gone }
    let result = clinux_send(socket, bytes.baseAddress, bytes.count)
    switch Int32(truncatingIfNeeded: -result) {
    case _ where result >= 0: return .taken
    case EMSGSIZE: return sendLong(bytes, socket)
    // ENOBUFS: unix(7) says it when the receiver's queue is full.
    case EAGAIN, ENOBUFS: return .full
    default: return .gone
    }
  }

  /// The journal takes what is too long for a datagram as a sealed file in memory.
  private func sendLong(_ bytes: UnsafeRawBufferPointer, _ socket: Int32) -> Outcome {
    guard case .journal = form, let memory = try? SealedMemory.make("weir-journal", Array(bytes)) else {
      lost += 1
      return .taken
    }
    defer { closeDescriptor(memory) }
    let result = clinux_send_descriptor(socket, memory)
    if result >= 0 { return .taken }
    return result == -EAGAIN || result == -ENOBUFS ? .full : .gone
  }

  private func connect() -> Bool {
    if socket != nil { return true }
    let now = Instant.now()
    guard now >= nextTry else { return false }
    nextTry = now + Self.searchTime
    let result = clinux_connect_datagrams(path)
    if result >= 0 { socket = result }
    return result >= 0
  }

  private func disconnect() {
    if let socket { closeDescriptor(socket) }
    socket = nil
    // One that was replaced is there again already.
    if connect() { send() }
  }
}
