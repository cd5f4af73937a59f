// SPDX-License-Identifier: Apache-2.0

/// The bytes of a file as they were read. They never change and are never copied: a big table looks into them for as long as it lives.
package final class FileContents: Sendable {
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let release: @Sendable () -> Void

  /// Bytes that somebody else provides; `release` is called when nobody looks at them any more.
  package init(_ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
    self.bytes = bytes
    self.release = release
  }

  /// `fill` answers how many bytes it wrote.
  package init<Failure: Error>(capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int) throws(Failure) {
    nonisolated(unsafe) let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, capacity), alignment: 16)
    var count = 0
    do throws(Failure) {
      count = try fill(room)
    } catch {
      room.deallocate()
      throw error
    }
    bytes = UnsafeRawBufferPointer(rebasing: room[..<min(max(0, count), capacity)])
    release = { room.deallocate() }
  }

  package convenience init(_ copied: some Collection<UInt8>) {
    self.init(capacity: copied.count) { room in
      room.copyBytes(from: copied)
      return copied.count
    }
  }

  deinit { release() }

  package var count: Int { bytes.count }

  /// The bytes may be looked at until `body` returns.
  package func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    defer { extendLifetime(self) }
    return try body(bytes)
  }

  package var array: [UInt8] { withBytes { Array($0) } }
}
