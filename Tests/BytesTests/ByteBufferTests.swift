// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct ByteBufferTests {
  @Test func whatIsAppendedComesOutInOrder() {
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    for step in 0..<2000 {
      let piece = (0..<(step % 37)).map { UInt8(truncatingIfNeeded: step &+ $0) }
      buffer.append(piece)
      model += piece
      let gone = min(model.count, step % 31)
      buffer.consume(gone)
      model.removeFirst(gone)
      #expect(buffer.count == model.count)
    }
    #expect(buffer.array() == model)
  }

  @Test func consumingTooMuchEmpties() {
    var buffer = ByteBuffer()
    buffer.append("abc" as StaticString)
    buffer.consume(-1)
    #expect(buffer.count == 3)
    buffer.consume(4)
    #expect(Bool(buffer.isEmpty))
  }

  @Test func releaseGivesMemoryBack() {
    var buffer = ByteBuffer(capacity: 4096)
    buffer.append("abc" as StaticString)
    buffer.release()
    #expect(buffer.capacity == 0)
    #expect(Bool(buffer.isEmpty))
    buffer.append(UInt8(7))
    #expect(buffer.array() == [7])
  }

  @Test func writableSpaceIsAsLargeAsAsked() {
    var buffer = ByteBuffer()
    let filled = buffer.withWritable(minimum: 100) { space in
      #expect(space.count >= 100)
      space.copyBytes(from: [1, 2, 3])
      return 3
    }
    #expect(filled == 3)
    #expect(buffer.array() == [1, 2, 3])
  }
}
