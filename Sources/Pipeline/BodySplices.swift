// SPDX-License-Identifier: Apache-2.0

/// What a stage puts in the place of pieces of the body, from its front to its end.
struct BodySplices {
  private struct Splice {
    let range: Range<Int>
    let bytes: [UInt8]
  }

  private var splices: [Splice] = []
  private var end = 0

  var isEmpty: Bool { splices.isEmpty }

  /// False for what is not behind the one before it, or beyond the body.
  mutating func add(_ offset: UInt64, _ length: UInt64, _ bytes: [UInt8], bodySize: Int) -> Bool {
    guard offset <= UInt64(bodySize), length <= UInt64(bodySize) - offset, offset >= UInt64(end) else { return false }
    let start = Int(offset)
    end = start + Int(length)
    splices.append(Splice(range: start..<end, bytes: bytes))
    return true
  }

  /// Nil where nothing changes.
  func applied(to body: UnsafeRawBufferPointer) -> [UInt8]? {
    guard !splices.isEmpty, end <= body.count else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(body.count + splices.reduce(0) { $0 + $1.bytes.count })
    var start = 0
    for splice in splices {
      output += body[start..<splice.range.lowerBound]
      output += splice.bytes
      start = splice.range.upperBound
    }
    return output + body[start...]
  }
}
