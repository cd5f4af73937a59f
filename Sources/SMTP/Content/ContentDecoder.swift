// SPDX-License-Identifier: Apache-2.0
import Bytes
import CBytes

/// Turns content as it travels into content as it is kept: lines end in LF, no dot is stuffed, stray CR are blanks.
///
/// The result does not depend on how the bytes were cut into pieces. What may end the content is decided by `mode`:
/// only CR LF "." CR LF (RFC 5321 §4.1.1.4), unless the mode is `.no`, in which bare LF ends a line in every respect.
/// As in Postfix, all CR before an LF go with it, but a dot with other than one CR after it ends nothing.
struct ContentDecoder {
  private let mode: ServerConfiguration.BareNewline
  private let sizeLimit: Int
  private let replacesStrayCR: Bool

  /// A line that ends in more CR than this makes the message too big: they would have to be remembered until it is known what they are.
  static let maximumHeldCRs = 65_536

  /// As RFC 1870 §1 counts: with CR LF, without stuffed dots.
  private(set) var size = 0
  private(set) var hasBareNewline = false
  private(set) var isOverLimit = false
  private(set) var header = HeaderScan()

  /// Whether the line now being read may be the dot that ends the content: the one before ended in CR LF.
  private var followsCRLF = true
  private var place = Place.lineStart
  /// CR that came last: part of the line's end if LF follows, else they were stray.
  private var heldCRs = 0
  /// The start of a header line that came in pieces; no more of it than `HeaderScan` looks at.
  private var partialLine: [UInt8] = []
  /// Kept bytes of the current line.
  private var lineLength = 0

  private enum Place {
    case lineStart
    /// After a dot that starts a line: stuffed, or the end.
    case dot
    case within
  }

  /// A `sizeLimit` of 0 is no limit.
  init(mode: ServerConfiguration.BareNewline, sizeLimit: Int, replacesStrayCR: Bool) {
    self.mode = mode
    self.sizeLimit = sizeLimit
    self.replacesStrayCR = replacesStrayCR
  }

  var isBareNewlineRefused: Bool { hasBareNewline && mode == .reject }

  /// Reads what follows DATA. Says how many bytes belonged to the content, and whether they complete it.
  mutating func decode(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> (consumed: Int, isComplete: Bool) {
    var consumed = 0
    var isComplete = false
    _ = buffer.withWritable(minimum: bytes.count &+ min(heldCRs, ContentDecoder.maximumHeldCRs) &+ 1) { space in
      var writer = ContentWriter(space)
      (consumed, isComplete) = decodeLines(bytes, isDotStuffed: true, into: &writer)
      return writer.count
    }
    if isComplete { header.contentEnded() }
    return (consumed, isComplete)
  }

  /// Reads a chunk of BDAT: dots mean nothing, and all of it is content.
  mutating func decodeChunk(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    _ = buffer.withWritable(minimum: bytes.count &+ min(heldCRs, ContentDecoder.maximumHeldCRs) &+ 1) { space in
      var writer = ContentWriter(space)
      _ = decodeLines(bytes, isDotStuffed: false, into: &writer)
      return writer.count
    }
  }

  /// Completes the last line after the last chunk of BDAT.
  mutating func finishChunks(into buffer: inout ByteBuffer) {
    if place == .within || heldCRs > 0 {
      _ = buffer.withWritable(minimum: 1) { space in
        var writer = ContentWriter(space)
        endLine(UnsafeRawBufferPointer(start: nil, count: 0), into: &writer)
        return writer.count
      }
    }
    header.contentEnded()
  }

  private mutating func decodeLines(
    _ bytes: UnsafeRawBufferPointer, isDotStuffed: Bool, into writer: inout ContentWriter
  ) -> (Int, Bool) {
    var position = 0
    while position < bytes.count {
      position = plainLines(bytes, from: position, into: &writer)
      let rest = bytes.slice(position, bytes.count)
      guard let end = rest.offset(of: 0x0a) else {
        pieceReceived(rest, isDotStuffed: isDotStuffed, into: &writer)
        break
      }
      position &+= end &+ 1
      if lineReceived(rest.slice(0, end), isDotStuffed: isDotStuffed, into: &writer) { return (position, true) }
    }
    return (bytes.count, false)
  }

  /// Takes whole lines of the body that nothing is to be changed of but their ends, as most are; answers where the first other one begins.
  private mutating func plainLines(_ bytes: UnsafeRawBufferPointer, from start: Int, into writer: inout ContentWriter) -> Int {
    guard place == .lineStart, heldCRs == 0, header.isComplete, !isOverLimit, let base = bytes.baseAddress else { return start }
    var position = start
    while position < bytes.count, let hit = memchr(base + position, 0x0a, bytes.count &- position) {
      let length = UnsafeRawPointer(hit) - (base + position)
      guard length > 1, bytes[position] != 0x2e, bytes[position &+ length &- 1] == 0x0d, memchr(base + position, 0x0d, length &- 1) == nil,
        sizeLimit == 0 || size &+ length < sizeLimit
      else { break }
      writer.appendLine(UnsafeRawBufferPointer(start: base + position, count: length &- 1))
      size &+= length &+ 1
      followsCRLF = true
      position &+= length &+ 1
    }
    return position
  }

  /// Takes the rest of a line up to its LF. True if it is the end of the content.
  private mutating func lineReceived(
    _ rest: UnsafeRawBufferPointer, isDotStuffed: Bool, into writer: inout ContentWriter
  ) -> Bool {
    var text = rest.count
    while text > 0, rest[text &- 1] == 0x0d { text &-= 1 }
    let crs = rest.count &- text &+ (text == 0 ? heldCRs : 0)
    var line = rest.slice(0, text)
    if isDotStuffed, place == .dot || (place == .lineStart && heldCRs == 0 && line.first == 0x2e) {
      let hasOnlyDot = place == .dot ? line.isEmpty : line.count == 1
      if hasOnlyDot, mayEndContent(crs: crs) { return true }
      if place == .lineStart { line = line.slice(1, line.count) }
    }
    if text > 0 { releaseCRs(into: &writer) }
    heldCRs = 0
    if crs > ContentDecoder.maximumHeldCRs { isOverLimit = true }
    if crs == 0 { hasBareNewline = true }
    followsCRLF = crs > 0
    endLine(line, into: &writer)
    return false
  }

  private func mayEndContent(crs: Int) -> Bool { mode == .no || (crs == 1 && followsCRLF) }

  /// Takes a piece of a line whose end has not come yet.
  private mutating func pieceReceived(
    _ piece: UnsafeRawBufferPointer, isDotStuffed: Bool, into writer: inout ContentWriter
  ) {
    var text = piece.count
    while text > 0, piece[text &- 1] == 0x0d { text &-= 1 }
    if text > 0 {
      var line = piece.slice(0, text)
      if isDotStuffed, place == .lineStart, heldCRs == 0, line.first == 0x2e {
        place = .dot
        line = line.slice(1, line.count)
      }
      if !line.isEmpty {
        releaseCRs(into: &writer)
        place = .within
        keep(line, into: &writer)
        if !header.isComplete { remember(line, blanks: 0) }
      }
    }
    hold(piece.count &- text)
  }

  private mutating func hold(_ crs: Int) {
    heldCRs &+= crs
    if heldCRs > ContentDecoder.maximumHeldCRs { isOverLimit = true }
  }

  /// CR that were held turn out to be stray.
  private mutating func releaseCRs(into writer: inout ContentWriter) {
    if heldCRs == 0 { return }
    let crs = heldCRs
    heldCRs = 0
    place = .within
    count(crs)
    if isOverLimit { return }
    writer.append(replacesStrayCR ? 0x20 : 0x0d, repeated: crs)
    lineLength &+= crs
    if !header.isComplete { remember(UnsafeRawBufferPointer(start: nil, count: 0), blanks: crs) }
  }

  private mutating func endLine(_ rest: UnsafeRawBufferPointer, into writer: inout ContentWriter) {
    if !header.isComplete { scanHeader(rest) }
    keep(rest, into: &writer)
    count(2)
    if !isOverLimit { writer.append(0x0a) }
    lineLength = 0
    heldCRs = 0
    place = .lineStart
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer, into writer: inout ContentWriter) {
    if bytes.isEmpty { return }
    count(bytes.count)
    if isOverLimit { return }
    let start = writer.count
    writer.append(bytes)
    if replacesStrayCR, bytes.offset(of: 0x0d) != nil { writer.replace(0x0d, by: 0x20, from: start) }
    lineLength &+= bytes.count
  }

  private mutating func count(_ bytes: Int) {
    size &+= bytes
    if sizeLimit > 0, size > sizeLimit { isOverLimit = true }
  }
}

extension ContentDecoder {
  /// Keeps a piece of a header line until its end has come.
  private mutating func remember(_ piece: UnsafeRawBufferPointer, blanks: Int) {
    let room = HeaderScan.maximumLineLength &- partialLine.count
    partialLine.append(contentsOf: repeatElement(0x20, count: max(0, min(blanks, room))))
    partialLine.append(contentsOf: piece.slice(0, HeaderScan.maximumLineLength &- partialLine.count))
  }

  /// Shows the scan a whole line, of which `rest` is the end and `lineLength` bytes have been kept before.
  private mutating func scanHeader(_ rest: UnsafeRawBufferPointer) {
    if lineLength == 0 { return header.lineReceived(rest.slice(0, HeaderScan.maximumLineLength)) }
    remember(rest, blanks: 0)
    partialLine.withUnsafeBytes { header.lineReceived($0) }
    partialLine.removeAll(keepingCapacity: !header.isComplete)
  }
}
