// SPDX-License-Identifier: Apache-2.0
import Message

/// The header of a message while stages edit it. A field keeps its reference whatever is inserted or deleted around it.
///
/// Fields that nobody touched stay where they are in the block they were found in; only changed ones have bytes of their own.
package struct HeaderFields: Sendable {
  package struct Field: Sendable {
    package let reference: UInt64
    /// Nil: in the block, at these offsets.
    fileprivate var own: [UInt8]?
    fileprivate var name: Range<Int>
    fileprivate var value: Range<Int>
    fileprivate var lines: Range<Int>
  }

  /// The header as it came, each line ended by LF, without the empty line.
  private let block: [UInt8]
  package private(set) var fields: [Field] = []
  package private(set) var nextReference: UInt64 = 1
  package private(set) var isChanged = false
  /// The references of fields that are the host's own: it has put them on top when the message came.
  package var added: Range<UInt64> = 0..<0

  /// RFC 5322 puts no limit on a header; a stage that adds for ever meets this one.
  package static let maximumFields = 10_000
  package static let maximumFieldSize = 1 << 20

  /// `block`: nothing but fields.
  package init(_ block: [UInt8]) {
    self.block = block
    fields.reserveCapacity(24)
    block.withUnsafeBytes { bytes in
      _ = HeaderBlock.scan(bytes) { field in
        fields.append(Field(reference: nextReference, own: nil, name: field.name, value: field.value, lines: field.lines))
        nextReference &+= 1
      }
    }
  }

  /// As another has it: the fields of `block` have these references, in order. Nil when there are not as many of the one as of the other.
  package init?(_ block: [UInt8], references: [UInt64], next: UInt64) {
    self.init(block)
    guard references.isEmpty || references.count == fields.count else { return nil }
    for (index, reference) in references.enumerated() {
      let field = fields[index]
      fields[index] = Field(reference: reference, own: nil, name: field.name, value: field.value, lines: field.lines)
    }
    nextReference = next
  }

  /// Of the fields, in order; empty where they are 1, 2, 3 ... still.
  package var references: [UInt64] { isChanged ? fields.map(\.reference) : [] }

  package var count: Int { fields.count }

  /// Name and value of the field at `index`; the value begins after the colon and at most one blank.
  @inline(__always) package func withField<Result>(_ index: Int, _ body: (UInt64, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Result)
    rethrows -> Result
  {
    let field = fields[index]
    return try (field.own ?? block).withUnsafeBytes { bytes in
      let name = UnsafeRawBufferPointer(rebasing: bytes[field.name])
      var value = UnsafeRawBufferPointer(rebasing: bytes[field.value])
      if value.first == 0x20 { value = UnsafeRawBufferPointer(rebasing: value.dropFirst()) }
      return try body(field.reference, name, value)
    }
  }

  /// What stands between name and value, where that is not `: `.
  @inline(__always) package func separator(_ index: Int) -> [UInt8]? {
    let field = fields[index]
    let isUsual = field.value.lowerBound == field.name.upperBound + 1 && !field.value.isEmpty && (field.own ?? block)[field.value.lowerBound] == 0x20
    return isUsual ? nil : unusualSeparator(field)
  }

  private func unusualSeparator(_ field: Field) -> [UInt8]? {
    let bytes = field.own ?? block
    let between = Array(bytes[field.name.upperBound..<field.value.lowerBound])
    return field.value.isEmpty || bytes[field.value.lowerBound] != 0x20 ? between : between + [0x20]
  }

  package func index(of reference: UInt64) -> Int? { fields.firstIndex { $0.reference == reference } }

  // MARK: Editing

  /// Whether the edit could be made: the reference is there, name and value can stand in a header.
  package mutating func apply(_ operation: StageEdit.HeaderOperation, reference: UInt64, name: [UInt8], value: [UInt8]) -> Bool {
    if operation == .delete {
      guard let index = index(of: reference) else { return false }
      fields.remove(at: index)
      isChanged = true
      return true
    }
    guard let place = place(operation, reference), fields.count < Self.maximumFields else { return false }
    let isReplacement = operation == .replace
    let kept = isReplacement && name.isEmpty ? withField(place) { _, old, _ in Array(old) } : name
    guard let field = Self.made(kept, value, reference: isReplacement ? reference : nextReference) else { return false }
    if isReplacement {
      fields[place] = field
    } else {
      nextReference &+= 1
      fields.insert(field, at: place)
    }
    isChanged = true
    return true
  }

  private func place(_ operation: StageEdit.HeaderOperation, _ reference: UInt64) -> Int? {
    switch operation {
    case .append: fields.count
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
  private static func made(_ name: [UInt8], _ value: [UInt8], reference: UInt64) -> Field? {
    guard isName(name) else { return nil }
    guard value.count <= maximumFieldSize, let text = folded(value) else { return nil }
    let own = name + [0x3a, 0x20] + text + [0x0a]
    let start = name.count + 1
    return Field(reference: reference, own: own, name: 0..<name.count, value: start..<(own.count - 1), lines: 0..<own.count)
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
    if !isChanged { return block }
    var output: [UInt8] = []
    output.reserveCapacity(block.count + 512)
    for field in fields {
      if let own = field.own { output += own } else { output += block[field.lines] }
    }
    return output
  }
}
