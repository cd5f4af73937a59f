// SPDX-License-Identifier: Apache-2.0
import WeirPlugin

/// What rules change about lines of the body: asked of the host when all lines have been looked at, neighbours in one piece.
package final class BodyEdits {
  private struct Edit {
    var range: Range<Int>
    var bytes: [UInt8]
  }

  private var edits: [Edit] = []

  package init() {}

  /// From the front of the body to its end.
  package func replace(_ range: Range<Int>, with bytes: [UInt8]) {
    guard let last = edits.last, last.range.upperBound == range.lowerBound else { return edits.append(Edit(range: range, bytes: bytes)) }
    edits[edits.count - 1] = Edit(range: last.range.lowerBound..<range.upperBound, bytes: last.bytes + bytes)
  }

  package func ask(_ context: Context) throws {
    for edit in edits {
      let result = edit.bytes.withUnsafeBytes { bytes in
        Result { () throws(HostError) in try context.replaceBody(edit.range, with: BorrowedText(bytes)) }
      }
      try result.get()
    }
    edits = []
  }
}
