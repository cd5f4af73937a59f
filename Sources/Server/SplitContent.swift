// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Pipeline
import Queue
import Runtime

/// A message as stages see it: header and body apart.
struct SplitContent {
  /// Each line ends with LF.
  let fields: HeaderFields
  let body: ChunkBody

  /// `front`: what was put before the content, and may end amid its first field. `added`: these of the fields are the host's own.
  init(front: ArraySlice<ContentChunk>, content: ContentChunk, added: Range<Int>) {
    let end = Self.emptyLine(in: content.bytes)
    let header = UnsafeRawBufferPointer(rebasing: content.bytes[..<end])
    let frontLength = front.reduce(0) { $0 + $1.count }
    let last = header.last ?? front.last?.bytes.last
    let isOpen = last != nil && last != 0x0a
    let joined = OwnedBytes(count: frontLength + header.count + (isOpen ? 1 : 0)) { memory in
      var offset = 0
      for chunk in front {
        memory[offset...].copyBytes(from: chunk.bytes)
        offset += chunk.count
      }
      memory[offset...].copyBytes(from: header)
      if isOpen { memory[offset + header.count] = 0x0a }
    }
    var start = end + 1
    var fields = HeaderFields(joined) { stop in
      switch stop {
      case .content: break
      case .emptyLine(let offset): start = offset + 1 - frontLength
      case .bodyLine(let offset): start = offset - frontLength
      }
    }
    fields.added = UInt64(clamping: added.lowerBound + 1)..<UInt64(clamping: added.upperBound + 1)
    self.fields = fields
    body = ChunkBody(ContentChunk(content, from: start))
  }

  /// The offset of the first line that is empty; the length where there is none.
  private static func emptyLine(in bytes: UnsafeRawBufferPointer) -> Int {
    if bytes.first == 0x0a { return 0 }
    var start = 0
    while let length = UnsafeRawBufferPointer(rebasing: bytes[start...]).offset(of: 0x0a) {
      start += length + 1
      if start < bytes.count, bytes[start] == 0x0a { return start }
    }
    return bytes.count
  }
}

final class ChunkBody: SteadyBytes {
  let chunk: ContentChunk
  init(_ chunk: ContentChunk) { self.chunk = chunk }
  var bytes: UnsafeRawBufferPointer { chunk.bytes }
}

extension ContentChunk {
  /// What a file holds, without a copy.
  convenience init(_ view: FileView) { self.init(view.bytes, owner: view) }
}
