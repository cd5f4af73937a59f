// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The wire on which a process tells the one that started it that it works: the first beat says that it is ready.
package enum Heartbeat {
  /// A new wire. Who watches keeps `listener`; the process gets `sender`. Both are closed on exec.
  package static func wire() throws(SystemError) -> (listener: Int32, sender: Int32) {
    var listener: Int32 = -1
    var sender: Int32 = -1
    _ = try SystemError.check(clinux_socket_pair(&listener, &sender), "socketpair")
    return (listener, sender)
  }

  /// Never waits: beats that nobody has heard yet are as good as this one.
  package static func beat(on sender: Int32) {
    var beat: UInt8 = 1
    _ = clinux_send(sender, &beat, 1)
  }

  /// Whether there were beats since the last call. Never waits.
  package static func wasHeard(on listener: Int32) -> Bool {
    var beats: (UInt64, UInt64) = (0, 0)
    var wasHeard = false
    while clinux_receive(listener, &beats, MemoryLayout.size(ofValue: beats)) > 0 { wasHeard = true }
    return wasHeard
  }
}
