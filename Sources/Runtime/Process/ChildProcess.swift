// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Another process of ours: a program started with just the descriptors it needs.
package struct ChildProcess: Sendable {
  /// Who a process is to be.
  package struct Identity: Sendable {
    package let user: UInt32
    package let group: UInt32
    package let groups: [UInt32]

    package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
      self.user = user
      self.group = group
      self.groups = groups
    }
  }

  /// What only a program's start can settle.
  package enum MemoryHabit: Sendable {
    /// Heaps grow by large pages where the kernel has some: memory by the megabyte then costs a fraction of the faults.
    case largePages

    private static let name = "GLIBC_TUNABLES="

    /// Not where somebody has settled it for all programs.
    fileprivate func added(to environment: [String]) -> [String] {
      environment.contains { $0.hasPrefix(Self.name) } ? environment : environment + [Self.name + "glibc.malloc.hugetlb=1"]
    }
  }

  package let pid: Int32

  /// Starts `program`. It finds `descriptors[i]` as descriptor 3 + i, all others above 2 closed, and no signal blocked.
  /// `memory`: how its C library gets memory, if that is not to be as ever.
  package static func start(
    _ program: String, _ arguments: [String], descriptors: [Int32], as identity: Identity?, memory: MemoryHabit? = nil
  ) throws(SystemError) -> ChildProcess {
    let strings = ([program] + arguments).map { strdup($0) }
    let environment = memory.map { $0.added(to: Machine.environment).map { strdup($0) } + [nil] }
    defer { for string in strings + (environment ?? []) { free(string) } }
    let groups = identity?.groups ?? []
    let result = groups.withUnsafeBufferPointer { groups in
      var raw = clinux_identity(
        change: identity == nil ? 0 : 1, uid: identity?.user ?? 0, gid: identity?.group ?? 0, groups: groups.baseAddress, group_count: groups.count)
      return (strings + [nil]).withUnsafeBufferPointer {
        clinux_spawn(program, $0.baseAddress, environment, descriptors, descriptors.count, &raw)
      }
    }
    return ChildProcess(pid: try SystemError.check(result, "start \(program)"))
  }

  /// Starts `program` in a session of its own, which goes on when this process and its terminal have gone.
  package static func startDetached(_ program: String, _ arguments: [String]) throws(SystemError) -> ChildProcess {
    let strings = ([program] + arguments).map { strdup($0) }
    defer { for string in strings { free(string) } }
    let result = (strings + [nil]).withUnsafeBufferPointer { clinux_spawn_detached(program, $0.baseAddress) }
    return ChildProcess(pid: try SystemError.check(result, "start \(program)"))
  }

  package func send(_ signal: Signal) { _ = clinux_kill(pid, signal.rawValue) }

  /// Whether that process is there and may be told.
  package static func send(_ signal: Signal, to pid: Int32) -> Bool { pid > 1 && clinux_kill(pid, signal.rawValue) == 0 }

  /// Its exit code or 128 + the signal that killed it, once it has ended. For a command that has no other children.
  package func wait() -> Int32 {
    while true {
      if let ended = ChildProcess.reap(), ended.pid == pid { return ended.status }
      Thread.sleep(.milliseconds(5))
    }
  }

  /// As `wait`, but kills it after `patience` and answers nil.
  package func wait(patience: Duration) -> Int32? {
    let deadline = Instant.now() + patience
    while Instant.now() < deadline {
      if let ended = ChildProcess.reap(), ended.pid == pid { return ended.status }
      Thread.sleep(.milliseconds(5))
    }
    kill()
    _ = wait()
    return nil
  }

  /// As `wait`, for a process with other children: on a thread that may block.
  package func ended() -> Int32 { clinux_wait_child(pid) }

  /// A copy of this process, which must have one thread: nil in the copy. That finds `descriptors[i]` as descriptor 3 + i, all others above 2 closed.
  package static func fork(descriptors: [Int32]) throws(SystemError) -> Int32? {
    let pid = try SystemError.check(clinux_fork(descriptors, descriptors.count), "fork")
    return pid == 0 ? nil : pid
  }

  package init(pid: Int32) { self.pid = pid }

  /// Lets all others go first, all its threads.
  package func yieldToOthers() { _ = clinux_be_nice(pid) }

  package func kill() { _ = clinux_kill(pid, SIGKILL) }

  /// Lets it stand still until `goOn`.
  package func pause() { _ = clinux_kill(pid, SIGSTOP) }

  package func goOn() { _ = clinux_kill(pid, SIGCONT) }

  /// The next child that has ended, with its exit code or 128 + the signal that killed it.
  package static func reap() -> (pid: Int32, status: Int32)? {
    var status: Int32 = 0
    let pid = clinux_reap(&status)
    return pid > 0 ? (pid, status) : nil
  }
}
