// SPDX-License-Identifier: Apache-2.0
import Runtime

/// How much a Maildir may hold.
package struct MaildirQuota: Hashable, Sendable {
  /// 0 is no limit.
  package let bytes: Int64
  /// 0 is no limit.
  package let messages: Int64
  /// How far one message may go beyond `bytes`, if there was room before it.
  package var grace: Int64 = 0
  /// Of one message; 0 is no limit.
  package var mailSize: Int64 = 0
  /// Folders that do not count, by their names below the Maildir; a `*` at the end stands for anything.
  package var ignored: [String] = []
  /// The failure may pass: the message waits for room.
  package let isTemporary: Bool
  /// What the sender is told.
  package let text: String

  package init(bytes: Int64, messages: Int64, isTemporary: Bool = false, text: String = "Quota exceeded (mailbox for user is full)") {
    self.bytes = max(0, bytes)
    self.messages = max(0, messages)
    self.isTemporary = isTemporary
    self.text = text
  }

  /// The first line of maildirsize: `1000000S,1000C`.
  var definition: String {
    [bytes > 0 ? "\(bytes)S" : nil, messages > 0 ? "\(messages)C" : nil].compactMap(\.self).joined(separator: ",")
  }

  /// Only the size of single messages is limited.
  var isUncounted: Bool { bytes == 0 && messages == 0 }

  /// Whether a message of `size` bytes fits where there is `usage`.
  package func hasRoom(for size: Int64, in usage: MaildirUsage) -> Bool {
    if messages > 0, usage.messages >= messages { return false }
    let after = usage.bytes.addingSaturated(max(0, size))
    return bytes == 0 || after <= bytes || usage.bytes < bytes && after <= bytes.addingSaturated(max(0, grace))
  }

  package func takes(_ size: Int64) -> Bool { mailSize <= 0 || size <= mailSize }

  func ignores(_ folder: String) -> Bool {
    ignored.contains { $0.hasSuffix("*") ? folder.hasPrefix($0.dropLast()) : folder == $0 }
  }
}

/// What a Maildir holds.
package struct MaildirUsage: Equatable, Sendable {
  package var bytes: Int64 = 0
  package var messages: Int64 = 0

  package init(bytes: Int64 = 0, messages: Int64 = 0) {
    self.bytes = bytes
    self.messages = messages
  }

  mutating func add(_ other: MaildirUsage) {
    bytes = bytes.addingReportingOverflow(other.bytes).partialValue
    messages = messages.addingReportingOverflow(other.messages).partialValue
  }
}

extension Int64 {
  fileprivate func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

/// The file `maildirsize` of a Maildir (Maildir++): the quota, and in each further line what came or went. All programs that change the Maildir append
/// to it; whoever finds it long, old or in doubt counts again.
struct MaildirSize {
  let disk: any Disk
  let root: DiskHandle
  let quota: MaildirQuota
  /// Microseconds since 1970.
  let now: Int64

  /// What the Maildir holds, as far as it matters for a message of `size` bytes: counted anew where the file says that there is no room, and may be
  /// wrong.
  func usage(adding size: Int64) throws(DiskError) -> MaildirUsage {
    switch try read() {
    case .missing: return try begin(adding: size)
    case .unbelievable: return try renew()
    // Mail may have been deleted by a program that tells nobody.
    case .known(let usage, let isDoubtful): return isDoubtful && !quota.hasRoom(for: size, in: usage) ? try renew() : usage
    }
  }

  private func renew() throws(DiskError) -> MaildirUsage {
    let usage = try count()
    try write(usage, replacing: true)
    return usage
  }

  /// Of several that begin at once one makes the file, before any of them has delivered: so nothing is counted twice, and nothing is left out.
  private func begin(adding size: Int64) throws(DiskError) -> MaildirUsage {
    let usage = try count()
    do throws(DiskError) {
      try write(usage, replacing: false)
      return usage
    } catch {
      guard error.isTaken else { throw error }
    }
    guard case .known(let other, _) = try read() else { return usage }
    return other
  }

  /// A message of `size` bytes has come. One write to the end of the file, so that others may do the same at the same time.
  func add(_ size: Int64) throws(DiskError) {
    let file = try disk.open(MaildirSize.name, at: root, [.write, .append, .noFollow, .nonBlocking], mode: 0)
    defer { disk.release(file) }
    try Array("\(size) 1\n".utf8).withBytes { line throws(DiskError) in try disk.write(file, [line], offset: 0) }
  }

  // MARK: the file

  private enum Reading {
    case missing
    /// Another quota, too long a file, or no numbers.
    case unbelievable
    case known(MaildirUsage, isDoubtful: Bool)
  }

  private func read() throws(DiskError) -> Reading {
    let file: DiskHandle
    do throws(DiskError) {
      file = try disk.open(MaildirSize.name, at: root, [.read, .noFollow, .nonBlocking], mode: 0)
    } catch {
      if error.isMissing { return .missing }
      throw error
    }
    defer { disk.release(file) }
    let status = try disk.status(file)
    guard status.isRegular, status.size < MaildirSize.longest else { return .unbelievable }
    let lines = try text(file, Int(status.size)).split(separator: "\n")
    guard lines.first.map(String.init) == quota.definition, let usage = MaildirSize.sum(lines.dropFirst()) else { return .unbelievable }
    let isOld = now.subtractingReportingOverflow(status.modified).partialValue > MaildirSize.freshness
    return .known(usage, isDoubtful: lines.count > 2 || isOld)
  }

  private static func sum(_ lines: ArraySlice<Substring>) -> MaildirUsage? {
    var usage = MaildirUsage()
    for line in lines {
      let parts = line.split(separator: " ").map { Int64($0) }
      guard parts.count == 2, let bytes = parts[0], let messages = parts[1] else { return nil }
      usage.add(MaildirUsage(bytes: bytes, messages: messages))
    }
    return usage.bytes < 0 || usage.messages < 0 ? nil : usage
  }

  private func text(_ file: DiskHandle, _ count: Int) throws(DiskError) -> String {
    var failure: DiskError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(DiskError) { filled = try disk.read(file, into: UnsafeMutableRawBufferPointer(buffer), offset: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(_ usage: MaildirUsage, replacing: Bool) throws(DiskError) {
    let tmp = try MaildirFolders.openFolder("tmp", at: root, disk, creating: true)
    defer { disk.release(tmp) }
    let name = "\(max(0, now) / 1_000_000).\(String(disk.random(), radix: 36)).maildirsize"
    let file = try create(name, tmp)
    let text = Array("\(quota.definition)\n\(usage.bytes) \(usage.messages)\n".utf8)
    do throws(DiskError) {
      try text.withBytes { bytes throws(DiskError) in try disk.write(file, [bytes], offset: 0) }
      try disk.close(file)
      if replacing { try disk.rename(name, at: tmp, to: MaildirSize.name, at: root, replacing: true) } else { try publish(name, tmp) }
    } catch {
      do throws(DiskError) { try disk.unlink(name, at: tmp) } catch {}
      throw error
    }
  }

  private func create(_ name: String, _ tmp: DiskHandle) throws(DiskError) -> DiskHandle {
    let options: OpenOptions = [.write, .create, .exclusive, .noFollow]
    do throws(DiskError) {
      return try disk.open(name, at: tmp, options, mode: 0o600)
    } catch {
      guard error.isTaken else { throw error }
    }
    // A crash left it: nobody else writes this name.
    try disk.unlink(name, at: tmp)
    return try disk.open(name, at: tmp, options, mode: 0o600)
  }

  /// A link to a name that is taken fails, on every file system that has links.
  private func publish(_ name: String, _ tmp: DiskHandle) throws(DiskError) {
    do throws(DiskError) {
      try disk.link(name, at: tmp, to: MaildirSize.name, at: root)
    } catch {
      guard error.isForbidden else { throw error }
      return try disk.rename(name, at: tmp, to: MaildirSize.name, at: root, replacing: true)
    }
    do throws(DiskError) { try disk.unlink(name, at: tmp) } catch {}
  }

  // MARK: counting

  /// All messages of the Maildir and its folders, whose names begin with a dot.
  private func count() throws(DiskError) -> MaildirUsage {
    var usage = try count(below: root)
    for name in try disk.list(root) where name.utf8.first == 0x2E && name.utf8.count > 1 && !quota.ignores(name) {
      do throws(DiskError) {
        let folder = try MaildirFolders.openFolder(name, at: root, disk, creating: false)
        defer { disk.release(folder) }
        usage.add(try count(below: folder))
      } catch {
        guard error.isMissing || error.isNotDirectory else { throw error }
      }
    }
    return usage
  }

  private func count(below folder: DiskHandle) throws(DiskError) -> MaildirUsage {
    var usage = MaildirUsage()
    for name in ["new", "cur"] {
      do throws(DiskError) {
        let messages = try MaildirFolders.openFolder(name, at: folder, disk, creating: false)
        defer { disk.release(messages) }
        for entry in try disk.list(messages) where entry.utf8.first != 0x2E {
          // Its reader may be moving it.
          if let bytes = size(of: entry, in: messages) { usage.add(MaildirUsage(bytes: bytes, messages: 1)) }
        }
      } catch {
        guard error.isMissing || error.isNotDirectory else { throw error }
      }
    }
    return usage
  }

  /// `,S=` in a name is the size.
  private func size(of name: String, in folder: DiskHandle) -> Int64? {
    for part in name.prefix(while: { $0 != ":" }).split(separator: ",").dropFirst() where part.hasPrefix("S=") {
      if let size = Int64(part.dropFirst(2)), size >= 0 { return size }
    }
    do throws(DiskError) {
      let status = try disk.status(name, at: folder)
      return status.isRegular ? status.size : nil
    } catch {
      return nil
    }
  }

  private static let name = "maildirsize"
  /// Maildir++: a file that reached this length is made anew.
  private static let longest = 5120
  /// Maildir++: 15 minutes, in microseconds.
  private static let freshness: Int64 = 900_000_000
}
