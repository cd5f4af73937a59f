// SPDX-License-Identifier: Apache-2.0
import CArchive

/// An archive in memory, entry by entry.
struct ArchiveReader: ~Copyable {
  enum Failure: Error { case broken, encrypted, late, foreign }

  struct Entry {
    /// Nil: one that cannot be read.
    let name: [UInt8]?
    let isFile: Bool
    let isEncrypted: Bool
    /// Not an archive, but one compressed file.
    let isRaw: Bool
    let isZip: Bool
  }

  private let reader: OpaquePointer

  /// `bytes` must stay until this is gone. `streaming`: a zip file from its front, not by its directory.
  init?(_ bytes: UnsafeRawBufferPointer, streaming: Bool, deadline: Int64) {
    guard let reader = carchive_open(bytes.baseAddress, bytes.count, streaming ? 1 : 0, deadline) else { return nil }
    self.reader = reader
  }

  deinit { carchive_close(reader) }

  /// Of this thread, in microseconds.
  static var processorTime: Int64 { carchive_clock() }

  /// Nil at the end.
  func next() throws(Failure) -> Entry? {
    var entry = carchive_entry()
    let status = carchive_next(reader, &entry)
    if status == Int32(CARCHIVE_END) { return nil }
    try Self.check(status)
    let name = entry.name.map { Array(UnsafeRawBufferPointer(start: $0, count: strlength($0))) }
    return Entry(
      name: name, isFile: entry.is_file != 0, isEncrypted: entry.is_encrypted != 0, isRaw: entry.is_raw != 0, isZip: entry.is_zip != 0)
  }

  /// A piece of the content, lent until the next call; nil at its end.
  func read() throws(Failure) -> UnsafeRawBufferPointer? {
    var (bytes, count): (UnsafeRawPointer?, Int) = (nil, 0)
    let status = carchive_read(reader, &bytes, &count)
    if status == Int32(CARCHIVE_END) { return nil }
    try Self.check(status)
    return UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
  }

  private static func check(_ status: Int32) throws(Failure) {
    switch status {
    case Int32(CARCHIVE_OK): return
    case Int32(CARCHIVE_ENCRYPTED): throw .encrypted
    case Int32(CARCHIVE_LATE): throw .late
    case Int32(CARCHIVE_FOREIGN): throw .foreign
    default: throw .broken
    }
  }
}

private func strlength(_ text: UnsafePointer<CChar>) -> Int {
  var count = 0
  while text[count] != 0 { count += 1 }
  return count
}
