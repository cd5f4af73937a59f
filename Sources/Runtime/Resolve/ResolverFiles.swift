// SPDX-License-Identifier: Apache-2.0
import Names

/// /etc/resolv.conf and /etc/hosts, read again when they have changed.
package final class ResolverFiles: Sendable {
  private enum Seen: Equatable {
    case absent
    case present(FileStamp)

    init(_ path: String) { self = FileStamp(path: path).map(Self.present) ?? .absent }
  }

  private let resolvConf: String?
  private let hostsFile: String
  private let seen = Monitor<[String: Seen]>([:])

  /// Without `resolvConf` only the hosts are looked at.
  package init(resolvConf: String?, hosts: String = "/etc/hosts") {
    self.resolvConf = resolvConf
    hostsFile = hosts
  }

  /// The servers to ask, if that file has changed since the last call. Both calls read files: never on a loop.
  package func changedServers() -> ResolverConfiguration? {
    guard let resolvConf, let text = changed(resolvConf) else { return nil }
    return ResolverConfiguration(resolvConf: text)
  }

  package func changedHosts() -> HostsFile? { changed(hostsFile).map { HostsFile($0) } }

  /// The text of a file whose stamp is not the known one; a file that is missing is empty.
  private func changed(_ path: String) -> String? {
    let now = Seen(path)
    let isNew = seen.withLock { seen in
      defer { seen[path] = now }
      return seen[path] != now
    }
    return isNew ? Self.read(path) : nil
  }

  /// The text of a file; nothing where it cannot be read.
  package static func text(of path: String) -> String { read(path) }

  private static let limit = 1 << 20

  private static func read(_ path: String) -> String {
    let disk = LinuxDisk()
    guard let handle = try? disk.open(path, at: nil, [.read, .nonBlocking], mode: 0) else { return "" }
    defer { try? disk.close(handle) }
    let bytes = try? [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = max(0, try disk.read(handle, into: UnsafeMutableRawBufferPointer(buffer), offset: 0))
    }
    return String(decoding: bytes ?? [], as: UTF8.self)
  }
}
