// SPDX-License-Identifier: Apache-2.0
import Queue

/// Any bytes are read as the records of a segment, as they are and with right checksums, so that the readers behind the checksum are reached.
/// What is read as a message is read the same when it is written again.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  _ = try? SegmentHeader(input)
  readAll(input)
  var writer = RecordWriter(resealing: Array(input))
  writer.seal(generation: 1, offset: 8192)
  writer.bytes.withUnsafeBytes { readAll($0) }
  return 0
}

func readAll(_ bytes: UnsafeRawBufferPointer) {
  var position = 0
  while let frame = RecordFrame(bytes, at: position, base: 8192, generation: 1) {
    precondition(frame.length > 0 && position + frame.length <= bytes.count)
    _ = BatchHead(frame, bytes, at: position)
    _ = RecordSummary(frame, bytes, at: position)
    _ = NoteRecord(frame, bytes, at: position)
    if let message = MessageRecord(frame, bytes, at: position) { rewrite(message) }
    position += frame.length
  }
}

func rewrite(_ message: MessageRecord) {
  var writer = RecordWriter()
  _ = message.write(to: &writer)
  writer.seal(generation: 2, offset: 0)
  writer.bytes.withUnsafeBytes { bytes in
    let frame = RecordFrame(bytes, at: 0, base: 0, generation: 2)
    precondition(frame.flatMap { MessageRecord($0, bytes, at: 0) } == message)
  }
}
