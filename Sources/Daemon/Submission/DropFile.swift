// SPDX-License-Identifier: Apache-2.0
import Runtime

/// A message as `sendmail` leaves it while no daemon runs: drop/weir-drop.c says how it is written.
enum DropFile {
  static let title = Array("weir-drop 1\n".utf8)
  static let largestPiece = 64 << 10
  /// Of the envelope.
  static let maximumHead = 2 << 20
  static let maximumSize: Int64 = 260 << 20

  static func encode(_ submission: LocalSubmission, _ content: [UInt8]) -> [UInt8] {
    var bytes = title
    bytes.reserveCapacity(content.count + 4096)
    add("F", submission.sender, to: &bytes)
    for recipient in submission.recipients { add("R", recipient, to: &bytes) }
    let wishes: [(Unicode.Scalar, String)] = [("N", submission.notify), ("T", submission.returnContent), ("V", submission.envelopeID)]
    for (letter, value) in wishes where !value.isEmpty { add(letter, value, to: &bytes) }
    if submission.hasEightBit { add("B", "", to: &bytes) }
    if submission.needsUTF8 { add("U", "", to: &bytes) }
    if submission.isProbe { add("P", "", to: &bytes) }
    var rest = content[...]
    while !rest.isEmpty {
      add("C", rest.prefix(largestPiece), to: &bytes)
      rest = rest.dropFirst(largestPiece)
    }
    add("E", "", to: &bytes)
    return bytes
  }

  private static func add(_ letter: Unicode.Scalar, _ text: String, to bytes: inout [UInt8]) { add(letter, Array(text.utf8)[...], to: &bytes) }

  private static func add(_ letter: Unicode.Scalar, _ data: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: letter.value))
    withUnsafeBytes(of: UInt32(clamping: data.count).bigEndian) { bytes += $0 }
    bytes += data
  }
}

/// What stands in such a file. Anybody may have written it.
final class DropContents {
  struct Fault: Error, Equatable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private(set) var submission = LocalSubmission(sender: "")
  private let disk: any Disk
  private let handle: DiskHandle
  /// Where the pieces of the content are.
  private var pieces: [(offset: Int64, length: Int)] = []
  private var next = 0

  /// Reads the envelope, and goes through the rest: a file that was not written to its end is none.
  init(_ handle: DiskHandle, size: Int64, disk: any Disk) throws(Fault) {
    self.handle = handle
    self.disk = disk
    guard try read(0, DropFile.title.count) == DropFile.title else { throw Fault("it does not begin as a message") }
    var offset = Int64(DropFile.title.count)
    var hasSender = false
    while true {
      let head = try read(offset, 5)
      let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
      guard length <= DropFile.largestPiece, offset + 5 + Int64(length) <= size else { throw Fault("a record is too long") }
      if head.first == 0x45 { break }
      if head.first == 0x43 {
        pieces.append((offset + 5, length))
      } else {
        guard pieces.isEmpty, offset < Int64(DropFile.maximumHead) else { throw Fault("a record is not in its place") }
        hasSender = hasSender || head.first == 0x46
        try take(head[0], String(decoding: try read(offset + 5, length), as: UTF8.self))
      }
      offset += 5 + Int64(length)
    }
    guard offset + 5 == size else { throw Fault("something follows the message") }
    guard hasSender, !submission.recipients.isEmpty else { throw Fault("it is for nobody") }
  }

  private func take(_ letter: UInt8, _ value: String) throws(Fault) {
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw Fault("a record with control characters") }
    switch letter {
    case 0x46: submission.sender = value
    case 0x52: submission.recipients.append(value)
    case 0x4e: submission.notify = value
    case 0x54: submission.returnContent = value
    case 0x56: submission.envelopeID = value
    case 0x42: submission.hasEightBit = true
    case 0x55: submission.needsUTF8 = true
    case 0x50: submission.isProbe = true
    default: throw Fault("a record of an unknown kind")
    }
  }

  /// The next piece of the content; nil at its end. May block.
  func nextPiece() throws(Fault) -> [UInt8]? {
    guard next < pieces.count else { return nil }
    defer { next += 1 }
    return try read(pieces[next].offset, pieces[next].length)
  }

  private func read(_ offset: Int64, _ count: Int) throws(Fault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got: Int
    do {
      got = try bytes.withUnsafeMutableBytes { try disk.read(handle, into: $0, offset: offset) }
    } catch {
      throw Fault("\(error)")
    }
    guard got == count else { throw Fault("it ends in its middle") }
    return bytes
  }
}
