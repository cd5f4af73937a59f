// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Finds the copy that an earlier attempt has left in a mailbox file.
///
/// A copy is written in the space that was added for it and counts only when its first byte is there, which comes after everything else is
/// on the disk. So a copy that was begun has NUL in the place of the `F` and elsewhere what was to be written, or NUL.
struct MboxSearch {
  let disk: any Disk
  let file: DiskHandle
  let size: Int64

  enum Finding: Equatable {
    case whole(at: Int64)
    case begun(at: Int64)
    case absent
  }

  func find(_ text: MboxText, length: Int64) throws(DiskError) -> Finding {
    let head = try head(of: text)
    var begun: Int64?
    for place in try candidates(head) where place <= size - length {
      switch try compare(text, at: place) {
      case .whole: return .whole(at: place)
      case .begun: begun = begun ?? place
      case .other: break
      }
    }
    return begun.map { .begun(at: $0) } ?? .absent
  }

  private func head(of text: MboxText) throws(DiskError) -> [UInt8] {
    var head: [UInt8] = []
    _ = try text.write { block throws(DiskError) in if head.count < MboxSearch.headLength { head += block.prefix(MboxSearch.headLength - head.count) }
    }
    return head
  }

  /// The beginnings of lines where there is as much of the head as a crash may have left.
  private func candidates(_ head: [UInt8]) throws(DiskError) -> [Int64] {
    var found: [Int64] = []
    var isLineStart = true
    var offset: Int64 = 0
    while offset < size {
      let block = try read(MboxSearch.blockSize + head.count, at: offset)
      if block.isEmpty { break }
      let end = min(block.count, MboxSearch.blockSize)
      block.withUnsafeBytes { bytes in
        for index in 0..<end {
          if isLineStart, MboxSearch.mayBe(head, bytes, index) { found.append(offset + Int64(index)) }
          isLineStart = bytes[index] == 0x0A
        }
      }
      offset += Int64(end)
    }
    return found
  }

  private static func mayBe(_ head: [UInt8], _ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    guard bytes[index] == 0 || bytes[index] == head.first, bytes.count - index >= head.count else { return false }
    for (offset, byte) in head.enumerated() where bytes[index + offset] != byte && bytes[index + offset] != 0 { return false }
    return true
  }

  private enum Likeness { case whole, begun, other }

  private func compare(_ text: MboxText, at place: Int64) throws(DiskError) -> Likeness {
    var (offset, hasFirst, likeness) = (place, false, Likeness.whole)
    _ = try text.write { block throws(DiskError) in
      guard likeness != .other else { return }
      let there = try read(block.count, at: offset)
      if offset == place { hasFirst = there.first != 0 }
      offset += Int64(block.count)
      likeness = MboxSearch.merge(likeness, there, block)
    }
    // The rest was on the disk before the first byte was.
    return likeness == .begun && hasFirst ? .other : likeness
  }

  private static func merge(_ likeness: Likeness, _ there: [UInt8], _ block: UnsafeRawBufferPointer) -> Likeness {
    guard there.count == block.count else { return .other }
    var likeness = likeness
    for index in there.indices where there[index] != block[index] {
      guard there[index] == 0 else { return .other }
      likeness = .begun
    }
    return likeness
  }

  private func read(_ count: Int, at offset: Int64) throws(DiskError) -> [UInt8] {
    var failure: DiskError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(DiskError) {
        filled = try disk.read(file, into: UnsafeMutableRawBufferPointer(buffer), offset: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Enough to tell the messages of a file apart: the separator and the first fields.
  private static let headLength = 256
  private static let blockSize = 64 * 1024
}
