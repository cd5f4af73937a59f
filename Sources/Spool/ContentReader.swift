// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

extension QueuedMessage {
  /// The whole content, where it is in memory.
  package var contentInMemory: [ContentChunk]? {
    if case .memory(let chunks) = source { chunks } else { nil }
  }

  /// Reads the content from disk.
  package func contentReader() -> ContentReader? {
    if case .spool(let content) = source { ContentReader(self, content) } else { nil }
  }
}

/// Reads a content from disk piece by piece, for who cannot take all of it at once. Used by one thread at a time; blocks.
package final class ContentReader: @unchecked Sendable {
  private let message: QueuedMessage
  private let content: SpooledContent
  private var handle: DiskHandle?
  private var offset: Int64 = 0
  private var crc = CRC32C()
  private var isAtEnd = false

  init(_ message: QueuedMessage, _ content: SpooledContent) {
    self.message = message
    self.content = content
  }

  deinit {
    if let handle { try? content.folder.disk.close(handle) }
  }

  /// Whether the next piece is the whole content.
  package var isSmall: Bool { !content.place.isFile }

  /// The next piece, never empty; nil at the end. `.damaged` says that what was read before is not what was committed.
  package func next() throws(SpoolError) -> ContentChunk? {
    if isAtEnd { return nil }
    if content.place.isFile { return try nextOfFile() }
    isAtEnd = true
    var pieces: [ContentChunk] = []
    try message.forEachBlock { blocks throws(DiskError) in
      var buffer = ByteBuffer(capacity: blocks.reduce(0) { $0 + $1.count })
      for block in blocks { buffer.append(block) }
      pieces.append(ContentChunk(buffer))
    }
    return pieces.first
  }

  private func nextOfFile() throws(SpoolError) -> ContentChunk? {
    var buffer = ByteBuffer(capacity: SpooledContent.blockSize)
    let wanted = Int(min(Int64(SpooledContent.blockSize), content.place.length - offset))
    do throws(DiskError) {
      let disk = content.folder.disk
      if handle == nil { handle = try disk.open(content.id.description, at: content.folder.big, [.read], mode: 0) }
      guard let file = handle else { return nil }
      var failure: DiskError?
      _ = buffer.withWritable(minimum: wanted) { space in
        do throws(DiskError) {
          return try disk.read(file, into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]), offset: offset)
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
    } catch {
      if error.isMissing { throw content.damaged() }
      throw .disk(error)
    }
    buffer.withReadable { crc.update($0) }
    offset += Int64(buffer.count)
    isAtEnd = buffer.count < wanted || offset >= content.place.length
    // A file cut short: its CRC tells.
    if isAtEnd, crc.value != content.place.crc { throw content.damaged() }
    return buffer.isEmpty ? nil : ContentChunk(buffer)
  }
}
