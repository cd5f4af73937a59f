// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files below /proc, which have no size.
enum Proc {
  static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while bytes.count < 16 << 20 {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func list(_ path: String) -> [String] {
    let disk = LinuxDisk()
    guard let folder = try? disk.open(path, at: nil, [.read, .directory], mode: 0) else { return [] }
    defer { try? disk.close(folder) }
    return (try? disk.list(folder)) ?? []
  }

  static func link(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let count = readlink(path, base, buffer.count)
      return count < 0 ? nil : String(decoding: buffer.prefix(count).lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// The sockets of a /proc/net/tcp that listen on `port`, as the links in /proc/PID/fd name them.
  static func listeners(_ path: String, _ port: Int) -> [String] {
    (text(path) ?? "").split(separator: "\n").dropFirst().compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 9, words[3] == "0A", let colon = words[1].lastIndex(of: ":") else { return nil }
      guard Int(words[1][words[1].index(after: colon)...], radix: 16) == port else { return nil }
      return "socket:[\(words[9])]"
    }
  }
}
