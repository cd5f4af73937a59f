// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The wire on which a process tells the one that started it how it is: the first beat says that it is ready.
package enum Heartbeat {
  /// What can be told, a byte each.
  private enum Word: UInt8 {
    case beat = 1
    /// It accepts no connections any more.
    case closed
    /// What follows is text: why it ends.
    case reason
  }

  /// A new wire. Who watches keeps `listener`; the process gets `sender`. Both are closed on exec.
  package static func wire() throws(SystemError) -> (listener: Int32, sender: Int32) {
    var listener: Int32 = -1
    var sender: Int32 = -1
    _ = try SystemError.check(clinux_socket_pair(&listener, &sender), "socketpair")
    return (listener, sender)
  }

  /// Never waits: beats that nobody has heard yet are as good as this one.
  package static func beat(on sender: Int32) { send([Word.beat.rawValue], on: sender) }

  package static func closed(on sender: Int32) { send([Word.closed.rawValue], on: sender) }

  package static func end(_ reason: String, on sender: Int32) {
    send([Word.reason.rawValue] + Array(reason.utf8.prefix(longestReason)), on: sender)
  }

  private static func send(_ bytes: [UInt8], on sender: Int32) { _ = bytes.withUnsafeBytes { clinux_send(sender, $0.baseAddress, $0.count) } }

  private static let longestReason = 1000

  /// What was told since the last call. Never waits.
  package static func hear(on listener: Int32) -> Heard {
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 256)
    while bytes.count < 4096 {
      let count = clinux_receive(listener, &room, room.count)
      guard count > 0 else { break }
      bytes += room.prefix(count)
    }
    var heard = Heard()
    for (index, byte) in bytes.enumerated() {
      switch Word(rawValue: byte) {
      case .beat: heard.hasBeaten = true
      case .closed: heard.hasClosed = true
      case .reason:
        heard.reason = String(decoding: bytes[(index + 1)...], as: UTF8.self)
        return heard
      case nil: break
      }
    }
    return heard
  }

  package struct Heard: Equatable, Sendable {
    package var hasBeaten = false
    package var hasClosed = false
    package var reason: String?

    package init(hasBeaten: Bool = false, hasClosed: Bool = false, reason: String? = nil) {
      self.hasBeaten = hasBeaten
      self.hasClosed = hasClosed
      self.reason = reason
    }
  }
}
