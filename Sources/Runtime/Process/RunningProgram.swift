// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A process of this machine, as /proc shows it.
package struct RunningProgram: Hashable, Sendable {
  package let pid: Int
  /// The first 15 characters of its name.
  package let name: String

  package init(pid: Int, name: String) {
    self.pid = pid
    self.name = name
  }

  /// All that can be seen from here.
  package static func all() -> [RunningProgram] {
    Proc.list("/proc").compactMap { entry in
      guard let pid = Int(entry), let name = Proc.text("/proc/\(pid)/comm") else { return nil }
      return RunningProgram(pid: pid, name: String(name.prefix { $0 != "\n" }))
    }
  }

  /// Who listens on a TCP port. Without being root only processes of one's own are found.
  package static func listening(on port: Int) -> [RunningProgram] {
    let sockets = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Proc.listeners($0, port) })
    if sockets.isEmpty { return [] }
    return all().filter { program in
      Proc.list("/proc/\(program.pid)/fd").contains { Proc.link("/proc/\(program.pid)/fd/\($0)").map(sockets.contains) ?? false }
    }
  }
}
