// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// An open segment file; readers may hold it beyond its life in the log.
final class SegmentFile: Sendable {
  let disk: any Disk
  let handle: DiskHandle
  let name: String
  let size: Int

  init(_ disk: any Disk, handle: DiskHandle, name: String, size: Int) {
    self.disk = disk
    self.handle = handle
    self.name = name
    self.size = size
  }

  deinit { try? disk.close(handle) }

  static let prefix = "segment-"

  /// Makes a file of `size` bytes under a name that was never used; its name is durable when this returns.
  static func create(in folder: SpoolFolder, size: Int) throws(DiskError) -> SegmentFile {
    let name = prefix + String(folder.disk.random(), radix: 16)
    let handle = try folder.disk.open(name, at: folder.directory, [.read, .write, .create, .exclusive], mode: 0o600)
    let file = SegmentFile(folder.disk, handle: handle, name: name, size: size)
    do {
      try file.reserve()
      try folder.disk.synchronize(folder.directory)
    } catch {
      try? folder.disk.unlink(name, at: folder.directory)
      throw error
    }
    return file
  }

  /// A file system without fallocate gets a file of that size: there, a full disk shows at the write.
  private func reserve() throws(DiskError) {
    do {
      try disk.allocate(handle, length: Int64(size))
    } catch {
      guard error.code == DiskError.notSupported else { throw error }
      try disk.truncate(handle, length: Int64(size))
    }
  }

  /// Makes every record in it unreadable for ever, durably.
  func wipe(mark: QueueID) throws(DiskError) -> UInt64 {
    let header = SegmentHeader(generation: disk.random(), isEmpty: true, mark: mark)
    let bytes = header.area()
    try bytes.withPieces { (pieces) throws(DiskError) in try disk.write(handle, pieces, offset: 0) }
    try disk.synchronizeData(handle)
    return header.generation
  }

  /// Up to `count` bytes from `offset`, fewer at the end of the file.
  func read(_ offset: Int, _ count: Int) throws(DiskError) -> [UInt8] { try disk.read(handle, offset, count) }
}

extension Disk {
  /// Up to `count` bytes from `offset`, fewer at the end of the file.
  func read(_ handle: DiskHandle, _ offset: Int, _ count: Int) throws(DiskError) -> [UInt8] {
    if count == 0 { return [] }
    var failure: DiskError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(DiskError) {
        filled = try read(handle, into: UnsafeMutableRawBufferPointer(buffer), offset: Int64(offset))
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}

extension SegmentHeader {
  /// Both copies, up to the first batch.
  func area() -> [UInt8] {
    var area = [UInt8](repeating: 0, count: Self.area)
    for copy in Self.copies { area.replaceSubrange(copy..<(copy + Self.size), with: bytes()) }
    return area
  }
}

extension [UInt8] {
  func withPieces(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
    let result: Result<Void, DiskError> = withUnsafeBytes { bytes in
      do throws(DiskError) { return .success(try body([bytes])) } catch { return .failure(error) }
    }
    try result.get()
  }
}
