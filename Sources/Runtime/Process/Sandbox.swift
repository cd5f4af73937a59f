// SPDX-License-Identifier: Apache-2.0
import CLinux
import CSandbox
import Glibc

/// What a process gives up before it runs code of others, and never gets back: other files, sockets, other processes, memory without end.
package struct Sandbox: Sendable {
  /// Files, and folders with all below them. Those that are not there are left out.
  package var readable: [String] = []
  package var writable: [String] = []
  package var mayUseNetwork = false
  /// Bytes of address space beyond what the process has now.
  package var memory = 256 << 20
  package var descriptors = 256

  package init() {}

  /// Where shared objects and what they always look at are.
  package static let libraries = [
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo",
  ]
  private static let devices = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
  /// What the resolver of the C library and TLS libraries read.
  private static let networkFiles = [
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols", "/etc/host.conf", "/etc/gai.conf", "/etc/ssl",
    "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
  ]

  /// The version of Landlock in this kernel; 0 where it has none.
  package static var landlockVersion: Int { max(0, Int(csandbox_landlock_version())) }

  /// Whether the kernel has Landlock and was told not to use it.
  package static var isLandlockDisabled: Bool { csandbox_landlock_version() == -EOPNOTSUPP }

  package static var hasSeccomp: Bool { csandbox_has_seccomp() != 0 }

  /// Ends the process when `parent`, which started it, ends; and lets nobody look into it. For a process with one thread.
  package static func begin(parent: Int32) throws(SystemError) { _ = try SystemError.check(csandbox_begin(parent), "prctl") }

  /// Enters it, and answers what this kernel cannot forbid, in words. `begin` comes first.
  package func enter(_ filters: SystemCallFilters) throws(SystemError) -> [String] {
    _ = try SystemError.check(csandbox_limits(UInt64(memory), UInt64(descriptors), writable.isEmpty ? 0 : 1), "setrlimit")
    var lacks: [String] = []
    let version = Sandbox.landlockVersion
    if version == 0 {
      lacks.append("this kernel has no Landlock: a plugin can read each file that its user can")
    } else {
      try restrictFiles()
    }
    try filters.enter(mayUseNetwork: mayUseNetwork)
    return lacks
  }

  private func restrictFiles() throws(SystemError) {
    let reads = Sandbox.libraries + readable + (mayUseNetwork ? Sandbox.networkFiles : [])
    let result = Sandbox.withPointers(reads) { reads in
      Sandbox.withPointers(writable + Sandbox.devices) { writes in
        csandbox_landlock(reads.baseAddress, reads.count, writes.baseAddress, writes.count, mayUseNetwork ? 1 : 0)
      }
    }
    _ = try SystemError.check(result, "landlock")
  }

  private static func withPointers<Result>(_ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer(body)
  }

  /// Makes what Swift makes when it is first used, for the processes that are forked from this one.
  package static func practice() { withPointers([]) { _ in } }
}

/// Which system calls are left in a sandbox. It takes a while to make them, so they are made before the processes that enter it.
package final class SystemCallFilters {
  private var alone = csandbox_filter()
  private var withNetwork = csandbox_filter()

  package init() throws(SystemError) {
    _ = try SystemError.check(csandbox_filter_make(0, &alone), "seccomp")
    _ = try SystemError.check(csandbox_filter_make(1, &withNetwork), "seccomp")
  }

  deinit {
    csandbox_filter_free(&alone)
    csandbox_filter_free(&withNetwork)
  }

  fileprivate func enter(mayUseNetwork: Bool) throws(SystemError) {
    _ = try SystemError.check(mayUseNetwork ? csandbox_filter_enter(&withNetwork) : csandbox_filter_enter(&alone), "seccomp")
  }
}
