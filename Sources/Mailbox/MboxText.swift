// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// A message as a mailbox file holds it: the `From ` line, the text with `>` before lines that look like one, and an empty line (RFC 4155
/// appendix A, the form that Postfix writes).
package struct MboxText {
  /// Calls its argument with all of the message, piece by piece, each time it is called. False if it can't be read.
  package typealias Pour = ((UnsafeRawBufferPointer) throws(DiskError) -> Void) throws(DiskError) -> Bool

  /// Begins with `From ` and ends with a line feed.
  private let separator: [UInt8]
  private let pour: Pour

  /// The separator must be the same whenever the same message is delivered again.
  package init(separator: [UInt8], pour: @escaping Pour) {
    self.separator = separator
    self.pour = pour
  }

  /// Hands `sink` the whole text in blocks of some size; false if the message can't be read.
  func write(_ sink: (UnsafeRawBufferPointer) throws(DiskError) -> Void) throws(DiskError) -> Bool {
    var quoting = MboxQuoting()
    quoting.output = separator
    let isReadable = try pour { piece throws(DiskError) in
      quoting.take(piece)
      if quoting.output.count >= MboxText.blockSize { try quoting.flush(to: sink) }
    }
    quoting.end()
    try quoting.flush(to: sink)
    return isReadable
  }

  /// The bytes of the text; nil if the message can't be read.
  func length() throws(DiskError) -> Int64? {
    var length: Int64 = 0
    let isReadable = try write { block throws(DiskError) in length += Int64(block.count) }
    return isReadable ? length : nil
  }

  private static let blockSize = 64 * 1024
}

/// Puts `>` before lines that begin with `From `.
struct MboxQuoting {
  var output: [UInt8] = []
  private var isLineStart = true
  /// The beginning of a line, as long as it may become `From `.
  private var held: [UInt8] = []

  mutating func take(_ piece: UnsafeRawBufferPointer) {
    var rest = piece
    while !rest.isEmpty {
      let end = rest.offset(of: 0x0A).map { $0 &+ 1 } ?? rest.count
      takePart(UnsafeRawBufferPointer(rebasing: rest[..<end]))
      rest = UnsafeRawBufferPointer(rebasing: rest[end...])
    }
  }

  /// Part of one line, or all of it.
  private mutating func takePart(_ part: UnsafeRawBufferPointer) {
    guard isLineStart else { return append(part) }
    let wanted = MboxQuoting.from.dropFirst(held.count)
    let head = part.prefix(wanted.count)
    if head.count < wanted.count, wanted.starts(with: head) {
      held += head
      return
    }
    if wanted.elementsEqual(head) { output.append(UInt8(ascii: ">")) }
    release()
    append(part)
  }

  private mutating func append(_ part: UnsafeRawBufferPointer) {
    output += part
    isLineStart = part.last == 0x0A
  }

  private mutating func release() {
    output += held
    held = []
    isLineStart = false
  }

  /// The last line ends, and an empty one follows.
  mutating func end() {
    let isOpen = !isLineStart || !held.isEmpty
    release()
    output += isOpen ? [0x0A, 0x0A] : [0x0A]
  }

  mutating func flush(to sink: (UnsafeRawBufferPointer) throws(DiskError) -> Void) throws(DiskError) {
    let block = output
    output.removeAll(keepingCapacity: true)
    if !block.isEmpty { try block.withBytes(sink) }
  }

  private static let from = Array("From ".utf8)
}

extension [UInt8] {
  /// `withUnsafeBytes` with typed errors.
  package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws(DiskError) -> Value) throws(DiskError) -> Value {
    let result = withUnsafeBytes { bytes -> Result<Value, DiskError> in
      do throws(DiskError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
