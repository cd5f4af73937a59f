// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A part of a message's content in memory: never changed, never moved, shared by the spool and by delivery.
package final class ContentChunk: @unchecked Sendable {
  private let buffer: ByteBuffer
  /// The chunk that this one is a part of.
  private let whole: AnyObject?
  /// Valid as long as this object lives.
  package let bytes: UnsafeRawBufferPointer

  /// Takes the buffer over without a copy.
  package init(_ buffer: consuming ByteBuffer) {
    // The heap block of a buffer that nobody can change any more stays where it is.
    bytes = buffer.withReadable { $0 }
    self.buffer = buffer
    whole = nil
  }

  /// Bytes that stay where they are as long as `owner` lives.
  package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    buffer = ByteBuffer()
    whole = owner
    self.bytes = bytes
  }

  /// What follows the first `offset` bytes of another, in its memory.
  package init(_ whole: ContentChunk, from offset: Int) {
    buffer = ByteBuffer()
    self.whole = whole
    bytes = UnsafeRawBufferPointer(rebasing: whole.bytes[min(max(0, offset), whole.count)...])
  }

  package convenience init(_ bytes: [UInt8]) {
    var buffer = ByteBuffer()
    buffer.append(bytes)
    self.init(buffer)
  }

  package var count: Int { bytes.count }
}
