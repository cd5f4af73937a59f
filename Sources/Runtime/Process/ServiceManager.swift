// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The service manager that started this process, if one did: what it wants to hear. sd_notify(3), sd_watchdog_enabled(3).
package struct ServiceManager: Sendable {
  package enum State: Equatable, Sendable {
    case ready
    /// Until it is told `.ready` again.
    case reloading
    case stopping
    /// For people: `systemctl status` shows it.
    case status(String)
    case watchdog

    var line: String {
      switch self {
      case .ready: "READY=1"
      case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Instant.now().nanoseconds / 1000)"
      case .stopping: "STOPPING=1"
      // A line feed would end the field.
      case .status(let text): "STATUS=" + text.map { $0.isNewline ? " " : String($0) }.joined()
      case .watchdog: "WATCHDOG=1"
      }
    }
  }

  private let socket: String?
  /// It must hear `.watchdog` at least this often, or it ends the process. Nil if it does not watch.
  package let watchdog: Duration?

  package init(socket: String? = nil, watchdog: Duration? = nil) {
    self.socket = socket
    self.watchdog = watchdog
  }

  /// What the environment tells of it. Removes that from the environment: it is not for the processes that this one starts. Call it
  /// before threads are started.
  package static func take() -> ServiceManager {
    let socket = Environment.take("NOTIFY_SOCKET")
    let microseconds = Environment.take("WATCHDOG_USEC").flatMap(Int64.init)
    let process = Environment.take("WATCHDOG_PID").flatMap(Int32.init)
    guard let microseconds, microseconds > 0, process ?? getpid() == getpid() else { return ServiceManager(socket: socket) }
    return ServiceManager(socket: socket, watchdog: .microseconds(microseconds))
  }

  /// Tells it, in one message. What it cannot be told is not told: nothing depends on it.
  package func tell(_ states: State...) {
    guard let socket else { return }
    let message = states.map { $0.line + "\n" }.joined()
    _ = message.utf8.withContiguousStorageIfAvailable { clinux_notify(socket, $0.baseAddress, $0.count) }
  }
}

/// Variables of the environment that are for this process alone.
enum Environment {
  static func take(_ name: String) -> String? {
    defer { unsetenv(name) }
    return Machine.environment(name).flatMap { $0.isEmpty ? nil : $0 }
  }
}
