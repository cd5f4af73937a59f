// SPDX-License-Identifier: Apache-2.0
import Message

/// A field where it lies in memory.
package struct HeaderRow {
  package let reference: UInt64
  package let name: UnsafeRawBufferPointer
  /// What follows the colon and at most one blank.
  package let value: UnsafeRawBufferPointer
  /// Without folds and encoded words, once the header has been asked to decode.
  package fileprivate(set) var decoded: UnsafeRawBufferPointer
  fileprivate var isDecoded = false
  /// What stands between name and value, where that is not `: `.
  package let separator: UnsafeRawBufferPointer?
  /// All its lines, with their ends.
  fileprivate let lines: UnsafeRawBufferPointer

  fileprivate init(_ field: HeaderBlock.Field, reference: UInt64, in bytes: UnsafeRawBufferPointer) {
    self.reference = reference
    let hasBlank = !field.value.isEmpty && bytes[field.value.lowerBound] == 0x20
    let start = hasBlank ? field.value.lowerBound + 1 : field.value.lowerBound
    let isUsual = hasBlank && field.value.lowerBound == field.name.upperBound + 1
    name = UnsafeRawBufferPointer(rebasing: bytes[field.name])
    value = UnsafeRawBufferPointer(rebasing: bytes[start..<field.value.upperBound])
    decoded = value
    separator = isUsual ? nil : UnsafeRawBufferPointer(rebasing: bytes[field.name.upperBound..<start])
    lines = UnsafeRawBufferPointer(rebasing: bytes[field.lines])
  }

  fileprivate init(_ row: HeaderRow, reference: UInt64) {
    self.reference = reference
    (name, value, decoded, separator, lines) = (row.name, row.value, row.decoded, row.separator, row.lines)
    isDecoded = row.isDecoded
  }
}

/// The header of a message while stages edit it. A field keeps its reference whatever is inserted or deleted around it.
///
/// Fields that nobody touched stay where they are in the block they were found in; only changed ones have bytes of their own. A row is but numbers, so that
/// to go through them costs no counting of references.
package struct HeaderFields: @unchecked Sendable {
  /// They point into `block` and `owned`, which never change.
  package private(set) var rows: [HeaderRow] = []
  /// What the header came in.
  private let block: OwnedBytes
  private let length: Int
  /// The bytes of changed fields and of decoded values, also of those that have gone.
  private var owned: [OwnedBytes] = []
  private var isDecoded = false
  package private(set) var nextReference: UInt64 = 1
  package private(set) var isChanged = false
  /// The references of fields that are the host's own: it has put them on top when the message came.
  package var added: Range<UInt64> = 0..<0

  /// RFC 5322 puts no limit on a header; a stage that adds for ever meets this one.
  package static let maximumFields = 10_000
  package static let maximumFieldSize = 1 << 20

  /// `block`: nothing but fields.
  package init(_ block: [UInt8]) { self.init(OwnedBytes(block)) { _ in } }

  /// `ended`: is told where the fields end. What follows them is no part of the header, though it be in `block`.
  package init(_ block: OwnedBytes, _ ended: (HeaderBlock.End) -> Void) {
    var found: [HeaderRow] = []
    found.reserveCapacity(16)
    let bytes = block.bytes
    let end = HeaderBlock.scan(bytes) { found.append(HeaderRow($0, reference: UInt64(found.count + 1), in: bytes)) }
    self.block = block
    length = end.offset
    rows = found
    nextReference = UInt64(found.count + 1)
    ended(end)
  }

  /// As another has it: the fields of `block` have these references, in order. Nil when there are not as many of the one as of the other.
  package init?(_ block: [UInt8], references: [UInt64], next: UInt64) {
    self.init(block)
    guard references.isEmpty || references.count == rows.count else { return nil }
    for (index, reference) in references.enumerated() { rows[index] = HeaderRow(rows[index], reference: reference) }
    nextReference = next
  }

  /// Of the fields, in order; empty where they are 1, 2, 3 ... still.
  package var references: [UInt64] { isChanged ? rows.map(\.reference) : [] }

  package var count: Int { rows.count }

  /// Name and value of the field at `index`; the value begins after the colon and at most one blank.
  @inline(__always) package func withField<Result>(_ index: Int, _ body: (UInt64, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Result)
    rethrows -> Result
  {
    try withExtendedLifetime(self) {
      let row = rows[index]
      return try body(row.reference, row.name, row.value)
    }
  }

  /// Of the fields for whose name and value that holds.
  package func references(where holds: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) -> [UInt64] {
    withExtendedLifetime(self) { rows.compactMap { holds($0.name, $0.value) ? $0.reference : nil } }
  }

  package func index(of reference: UInt64) -> Int? { rows.firstIndex { $0.reference == reference } }

  /// Sees to it that the rows have their decoded values: once for all who ask.
  mutating func decode() {
    if isDecoded { return }
    isDecoded = true
    for index in rows.indices where !rows[index].isDecoded {
      rows[index].isDecoded = true
      let value = rows[index].value
      if EncodedWords.isPlain(value) { continue }
      let bytes = EncodedWords.isFoldedOnly(value) ? Self.unfolded(value) : OwnedBytes(EncodedWords.decoded(value))
      owned.append(bytes)
      rows[index].decoded = bytes.bytes
    }
  }

  /// Without its line ends.
  private static func unfolded(_ value: UnsafeRawBufferPointer) -> OwnedBytes {
    OwnedBytes(atMost: value.count) { memory in
      var (from, to) = (0, 0)
      while from < value.count {
        let line = UnsafeRawBufferPointer(rebasing: value[from...])
        let length = line.offset(of: 0x0a) ?? line.count
        memory[to...].copyBytes(from: line[..<length])
        from += length + 1
        to += length
      }
      return to
    }
  }

  // MARK: Editing

  /// Whether the edit could be made: the reference is there, name and value can stand in a header.
  package mutating func apply(_ operation: StageEdit.HeaderOperation, reference: UInt64, name: [UInt8], value: [UInt8]) -> Bool {
    guard let place = place(operation, reference) else { return false }
    isDecoded = false
    if operation == .delete {
      rows.remove(at: place)
      isChanged = true
      return true
    }
    guard rows.count < Self.maximumFields else { return false }
    let isReplacement = operation == .replace
    let kept = isReplacement && name.isEmpty ? withField(place) { _, old, _ in Array(old) } : name
    guard let (field, bytes) = Self.made(kept, value) else { return false }
    let row = HeaderRow(field, reference: isReplacement ? reference : nextReference, in: bytes.bytes)
    owned.append(bytes)
    if isReplacement {
      rows[place] = row
    } else {
      nextReference &+= 1
      rows.insert(row, at: place)
    }
    isChanged = true
    return true
  }

  private func place(_ operation: StageEdit.HeaderOperation, _ reference: UInt64) -> Int? {
    switch operation {
    case .append: rows.count
    case .prepend: 0
    case .before, .replace, .delete: index(of: reference)
    case .after: index(of: reference).map { $0 + 1 }
    }
  }

  /// Whether a field of this name and value may stand in a header.
  package static func canStand(_ name: [UInt8], _ value: [UInt8]) -> Bool { isName(name) && value.count <= maximumFieldSize && folded(value) != nil }

  private static func isName(_ name: [UInt8]) -> Bool {
    (1...200).contains(name.count) && name.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }
  }

  /// `name: value` LF. A line end within the value must be followed by a blank; CR LF counts as LF.
  private static func made(_ name: [UInt8], _ value: [UInt8]) -> (HeaderBlock.Field, OwnedBytes)? {
    guard isName(name) else { return nil }
    guard value.count <= maximumFieldSize, let text = folded(value) else { return nil }
    let bytes = name + [0x3a, 0x20] + text + [0x0a]
    return (HeaderBlock.Field(name: 0..<name.count, value: name.count + 1..<bytes.count - 1, lines: 0..<bytes.count), OwnedBytes(bytes))
  }

  private static func folded(_ value: [UInt8]) -> [UInt8]? {
    guard value.contains(where: { $0 < 0x20 && $0 != 0x09 }) else { return value }
    var text: [UInt8] = []
    text.reserveCapacity(value.count)
    for (index, byte) in value.enumerated() {
      switch byte {
      case 0x0d where index + 1 < value.count && value[index + 1] == 0x0a: continue
      case 0x0a:
        guard index + 1 < value.count, value[index + 1] == 0x20 || value[index + 1] == 0x09 else { return nil }
        text.append(byte)
      case 0x00, 0x0d: return nil
      default: text.append(byte)
      }
    }
    return text
  }

  // MARK: Rendering

  /// All fields, each line ended by LF.
  package func rendered() -> [UInt8] {
    withExtendedLifetime(self) {
      if !isChanged { return Array(block.bytes[..<length]) }
      var output: [UInt8] = []
      output.reserveCapacity(length + 512)
      for row in rows { output += row.lines }
      return output
    }
  }
}
