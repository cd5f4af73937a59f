// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The disk of this machine.
package final class LinuxDisk: Disk {
  package let bootID: BootID

  package init() { bootID = Self.readBootID() }

  package func open(
    _ path: String, at directory: DiskHandle?, _ options: OpenOptions, mode: UInt32
  ) throws(DiskError) -> DiskHandle {
    let result = clinux_openat(directory.descriptor, path, options.rawValue, mode)
    return DiskHandle(rawValue: try check(result, "open", path))
  }

  package func close(_ handle: DiskHandle) throws(DiskError) { try check(clinux_close(handle.rawValue), "close") }

  package func read(_ handle: DiskHandle, into buffer: UnsafeMutableRawBufferPointer, offset: Int64) throws(DiskError) -> Int {
    var done = 0
    while done < buffer.count, let base = buffer.baseAddress {
      let count = clinux_pread(handle.rawValue, base + done, buffer.count - done, offset + Int64(done))
      guard count >= 0 else { throw DiskError(code: Int32(-count), operation: "read") }
      if count == 0 { break }
      done += Int(count)
    }
    return done
  }

  package func view(_ handle: DiskHandle, length: Int) throws(DiskError) -> FileView {
    if length == 0 { return FileView(UnsafeRawBufferPointer(start: nil, count: 0)) {} }
    guard let base = mmap(nil, length, PROT_READ, MAP_SHARED, handle.rawValue, 0), base != UnsafeMutableRawPointer(bitPattern: -1) else {
      throw DiskError(code: errno, operation: "mmap")
    }
    nonisolated(unsafe) let memory = base
    return FileView(UnsafeRawBufferPointer(start: base, count: length)) { munmap(memory, length) }
  }

  package func write(_ handle: DiskHandle, _ pieces: [UnsafeRawBufferPointer], offset: Int64) throws(DiskError) {
    var cursor = WriteCursor(pieces: pieces)
    var offset = offset
    while let count = try cursor.step(handle, offset) { offset += Int64(count) }
  }

  package func synchronizeData(_ handle: DiskHandle) throws(DiskError) {
    try check(clinux_fdatasync(handle.rawValue), "fdatasync")
  }

  package func synchronize(_ handle: DiskHandle) throws(DiskError) { try check(clinux_fsync(handle.rawValue), "fsync") }

  package func synchronizeFileSystem(_ handle: DiskHandle) throws(DiskError) {
    try check(clinux_syncfs(handle.rawValue), "syncfs")
  }

  package func allocate(_ handle: DiskHandle, length: Int64) throws(DiskError) {
    try check(clinux_fallocate(handle.rawValue, length), "fallocate")
  }

  package func truncate(_ handle: DiskHandle, length: Int64) throws(DiskError) {
    try check(clinux_ftruncate(handle.rawValue, length), "ftruncate")
  }

  package func rename(
    _ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?, replacing: Bool
  ) throws(DiskError) {
    try check(
      clinux_renameat(directory.descriptor, path, newDirectory.descriptor, newPath, replacing ? 1 : 0), "rename", newPath)
  }

  package func link(
    _ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?
  ) throws(DiskError) {
    try check(clinux_linkat(directory.descriptor, path, newDirectory.descriptor, newPath), "link", newPath)
  }

  package func unlink(_ path: String, at directory: DiskHandle?) throws(DiskError) {
    try check(clinux_unlinkat(directory.descriptor, path), "unlink", path)
  }

  package func makeDirectory(_ path: String, at directory: DiskHandle?, mode: UInt32) throws(DiskError) {
    try check(clinux_mkdirat(directory.descriptor, path, mode), "mkdir", path)
  }

  package func list(_ directory: DiskHandle) throws(DiskError) -> [String] {
    var names: [String] = []
    let result = withUnsafeMutablePointer(to: &names) { names in
      clinux_list(directory.rawValue, names) { context, name in
        guard let context, let name else { return }
        context.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
      }
    }
    try check(result, "readdir")
    return names
  }

  package func status(_ path: String, at directory: DiskHandle?) throws(DiskError) -> FileStatus {
    var raw = clinux_status()
    try check(clinux_fstatat(directory.descriptor, path, &raw), "stat", path)
    return FileStatus(raw)
  }

  package func status(_ handle: DiskHandle) throws(DiskError) -> FileStatus {
    var raw = clinux_status()
    try check(clinux_fstat(handle.rawValue, &raw), "fstat")
    return FileStatus(raw)
  }

  package func lock(_ handle: DiskHandle) throws(DiskError) -> Bool {
    let result = clinux_flock(handle.rawValue)
    if result == -EWOULDBLOCK { return false }
    try check(result, "flock")
    return true
  }

  package func lockRecords(_ handle: DiskHandle) throws(DiskError) -> Bool {
    let result = clinux_lock_records(handle.rawValue)
    if result == -EWOULDBLOCK { return false }
    try check(result, "fcntl")
    return true
  }

  package func fileSystem(_ handle: DiskHandle) throws(DiskError) -> FileSystemKind {
    FileSystemKind(rawValue: try check(clinux_fs_kind(handle.rawValue), "fstatfs")) ?? .other
  }

  package func random() -> UInt64 { UInt64.random(in: UInt64.min...UInt64.max) }
}

extension Optional<DiskHandle> {
  fileprivate var descriptor: Int32 { self?.rawValue ?? -1 }
}

extension FileStatus {
  fileprivate init(_ raw: clinux_status) {
    self.init(
      size: raw.size, modified: raw.modified_us, device: raw.device, inode: raw.inode, mode: raw.mode, owner: raw.owner,
      group: raw.group, links: raw.links)
  }
}

@discardableResult
private func check(_ result: Int32, _ operation: String, _ path: String = "") throws(DiskError) -> Int32 {
  guard result >= 0 else { throw DiskError(code: -result, operation: operation, path: path) }
  return result
}

/// What is left to write of a list of pieces: pwritev takes 1,024 at a time and may stop anywhere.
private struct WriteCursor {
  let pieces: [UnsafeRawBufferPointer]
  var index = 0
  var skip = 0

  init(pieces: [UnsafeRawBufferPointer]) { self.pieces = pieces }

  /// One pwritev of what is left; nil when nothing was.
  mutating func step(_ handle: DiskHandle, _ offset: Int64) throws(DiskError) -> Int? {
    while index < pieces.count, pieces[index].count == skip { advance() }
    let count = min(pieces.count - index, 1024)
    guard count > 0 else { return nil }
    let written = withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { vector in
      for slot in 0..<count {
        let piece = pieces[index + slot]
        let from = slot == 0 ? skip : 0
        let base = piece.baseAddress.map { UnsafeMutableRawPointer(mutating: $0 + from) }
        vector.initializeElement(at: slot, to: iovec(iov_base: base, iov_len: piece.count - from))
      }
      return clinux_pwritev(handle.rawValue, vector.baseAddress, Int32(count), offset)
    }
    guard written >= 0 else { throw DiskError(code: Int32(-written), operation: "write") }
    guard written > 0 else { throw DiskError(code: ENOSPC, operation: "write") }
    consume(Int(written))
    return Int(written)
  }

  private mutating func advance() {
    index += 1
    skip = 0
  }

  private mutating func consume(_ written: Int) {
    var left = written
    while index < pieces.count, left >= pieces[index].count - skip {
      left -= pieces[index].count - skip
      advance()
    }
    skip += left
  }
}

extension LinuxDisk {
  private static func readBootID() -> BootID {
    let fd = clinux_openat(-1, "/proc/sys/kernel/random/boot_id", OpenOptions.read.rawValue, 0)
    guard fd >= 0 else { return BootID(high: 0, low: 0) }
    defer { _ = clinux_close(fd) }
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      let count = clinux_pread(fd, buffer.baseAddress, 64, 0)
      return BootID(hexadecimal: UnsafeRawBufferPointer(rebasing: buffer.prefix(max(0, Int(count)))))
    }
  }
}

extension BootID {
  /// From the kernel's text, 32 hexadecimal digits with dashes between.
  init(hexadecimal text: UnsafeRawBufferPointer) {
    var halves: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for byte in text where digits < 32 {
      guard let value = Character(UnicodeScalar(byte)).hexDigitValue else { continue }
      if digits < 16 { halves.0 = halves.0 << 4 | UInt64(value) } else { halves.1 = halves.1 << 4 | UInt64(value) }
      digits += 1
    }
    self.init(high: halves.0, low: halves.1)
  }
}
