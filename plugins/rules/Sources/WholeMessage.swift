// SPDX-License-Identifier: Apache-2.0
import WeirPlugin

/// The message at its end: its header and its body in one piece each.
package enum WholeMessage {
  package static func with<Answer>(_ context: Context, _ body: (_ header: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws -> Answer)
    throws -> Answer
  {
    guard let header = try context.content(at: 0) else { return try body(.empty, .empty) }
    guard let first = try context.content(at: UInt64(header.count)) else { return try body(header.bytes, .empty) }
    guard let more = try context.content(at: UInt64(header.count + first.count)) else { return try body(header.bytes, first.bytes) }
    var whole = Array(first.bytes) + Array(more.bytes)
    while let next = try context.content(at: UInt64(header.count + whole.count)) { whole += next.bytes }
    return try whole.withUnsafeBytes { try body(header.bytes, $0) }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
