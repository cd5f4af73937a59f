// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A file without a name, in memory: filled piece by piece, then sealed and handed to other processes, which look into it without a copy.
package final class SharedMemory: Sendable {
  package let descriptor: Int32
  /// Whole pages: each piece starts on one, so that it can be looked into by itself.
  private let end = Monitor(0)

  package init(_ name: String) throws(SystemError) { descriptor = try SealedMemory.open(name) }

  /// Empty memory that another process has made, and that this one is to fill.
  package init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { closeDescriptor(descriptor) }

  /// Where the bytes begin. Any thread may append.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    let begin = end.withLock { end in
      defer { end += Self.wholePages(bytes.count) }
      return end
    }
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(descriptor, base + done, bytes.count - done, begin + done)
      guard count > 0 || errno == EINTR else { throw .last("pwrite") }
      done += max(0, count)
    }
    return begin
  }

  /// With these bytes at its very end. Nothing can be changed afterwards.
  package func seal(endingIn bytes: [UInt8]) throws(SystemError) {
    let begin = try bytes.withUnsafeBytes { bytes in Result { () throws(SystemError) in try append(bytes) } }.get()
    guard ftruncate(descriptor, begin + bytes.count) == 0 else { throw .last("ftruncate") }
    _ = try SystemError.check(clinux_memory_seal(descriptor, begin + bytes.count), "seal memory")
  }

  /// A piece of it.
  package func view(_ range: Range<Int>) throws(SystemError) -> MemoryView { try MemoryView(descriptor, range) }

  private static func wholePages(_ count: Int) -> Int { (count + 0xffff) & ~0xffff }
}

/// A part of a memory file, as this process sees it for as long as this lives.
package final class MemoryView: Sendable {
  /// To be looked at only while this view is held: see `withBytes`.
  package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// `range` starts where an appended piece does.
  fileprivate init(_ descriptor: Int32, _ range: Range<Int>) throws(SystemError) {
    guard !range.isEmpty else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    // Private, though nobody writes: sealing refuses memory that somebody shares.
    let base = mmap(nil, range.count, PROT_READ, MAP_PRIVATE, descriptor, range.lowerBound)
    guard let base, base != UnsafeMutableRawPointer(bitPattern: -1) else { throw .last("mmap") }
    bytes = UnsafeRawBufferPointer(start: base, count: range.count)
  }

  /// All that a descriptor from another process holds.
  package convenience init(_ descriptor: Int32) throws(SystemError) {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw .last("lseek") }
    try self.init(descriptor, 0..<size)
  }

  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    defer { extendLifetime(self) }
    return body(bytes)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
