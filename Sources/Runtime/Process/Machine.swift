// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Facts about this machine and this process.
package enum Machine {
  package static var processors: Int { max(1, Int(clinux_processors())) }

  /// The host's name as the kernel has it; `localhost` when it has none.
  package static var hostName: String {
    let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      name.baseAddress.flatMap { clinux_hostname($0, name.count) == 0 ? String(cString: $0) : nil }
    }
    return name.flatMap { $0.isEmpty ? nil : $0 } ?? "localhost"
  }

  package static var isRoot: Bool { geteuid() == 0 }
  package static var processID: Int32 { getpid() }
  package static var parent: Int32 { getppid() }

  /// Whether `descriptor` is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
  }

  /// All of it, as `name=value`.
  package static var environment: [String] {
    guard let all = clinux_environment() else { return [] }
    var found: [String] = []
    while let text = all[found.count] { found.append(String(cString: text)) }
    return found
  }

  /// The name of the process in lists, cut to 15 bytes.
  package static func callProcess(_ name: String) { clinux_name_thread(String(decoding: name.utf8.prefix(maximumName), as: UTF8.self)) }

  /// TASK_COMM_LEN without its NUL; the kernel takes no longer one.
  private static let maximumName = 15

  /// Ends the process.
  package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

  /// As many open descriptors as we may have.
  package static func raiseDescriptorLimit() -> Int { Int(clinux_raise_descriptor_limit()) }

  /// No core dumps and no ptrace by others: memory holds mail and keys.
  package static func forbidDumps() { _ = clinux_set_undumpable() }

  /// Few heaps for many threads: each keeps the most it ever had. Call it before threads are started.
  package static func limitHeaps() { clinux_limit_heaps(2) }

  /// Memory that a message leaves is there for the next one: up to `spare` bytes at the end of a heap stay the process's until
  /// `releaseFreeMemory`. Else the kernel takes them after each message of some size, and fills them with zeros for the next.
  /// `largest`: what is bigger is no part of a heap.
  package static func keepHeaps(spare: Int = 8 << 20, largest: Int = 1 << 20) { clinux_keep_heaps(spare, largest) }

  /// Gives back what a burst has left free. Takes a millisecond; not on an event loop.
  package static func releaseFreeMemory() { clinux_trim_heaps() }

  /// The path of the folder that relative paths begin in.
  package static var workingFolder: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { path in getcwd(path.baseAddress, path.count).map { String(cString: $0) } ?? "/" }
  }

  /// Where PATH has a program of this name.
  package static func findProgram(_ name: String) -> String? {
    let folders = name.contains("/") ? [""] : (environment("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/" }
    return folders.map { $0 + name }.first { access($0, X_OK) == 0 }
  }

  /// The path of the running program.
  package static var executable: String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { path in
      let length = path.withMemoryRebound(to: CChar.self) { name in name.baseAddress.map { readlink("/proc/self/exe", $0, name.count) } ?? -1 }
      return length > 0 ? String(decoding: path.prefix(length), as: UTF8.self) : "/proc/self/exe"
    }
  }
}
