// SPDX-License-Identifier: Apache-2.0

/// [MS-OXTNEF]: winmail.dat, in which Outlook sends attachments to Outlook.
package struct TNEF: Sendable {
  package struct Attachment: Equatable, Sendable {
    package var names: [[UInt8]] = []
    /// Offsets into the file.
    package var data = 0..<0
  }

  package private(set) var attachments: [Attachment] = []
  /// It ends in the middle of something.
  package private(set) var isBroken = false

  package static let maximumAttachments = 1000
  private static let maximumNames = 20

  package init?(_ file: UnsafeRawBufferPointer) {
    guard Self.number(file, 0) == 0x223e_9f78 else { return nil }
    var offset = 6
    while offset < file.count {
      guard offset + 9 <= file.count, let length = Self.number(file, offset + 5), length <= file.count - offset - 9 else {
        isBroken = true
        return
      }
      let attribute = Self.number(file, offset + 1) ?? 0
      take(attribute & 0xffff, offset + 9..<offset + 9 + length, file)
      if attachments.count > Self.maximumAttachments {
        isBroken = true
        return
      }
      // Behind the data is a sum, which nobody checks.
      offset += 9 + length + 2
    }
  }

  private static func number(_ file: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
    guard offset >= 0, offset + 4 <= file.count else { return nil }
    return Int(file.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
  }

  private mutating func take(_ attribute: Int, _ range: Range<Int>, _ file: UnsafeRawBufferPointer) {
    switch attribute {
    case 0x9002: attachments.append(Attachment())
    case 0x8010, 0x9001: name(Array(file[range]))
    case 0x800f: if let last = attachments.indices.last { attachments[last].data = range }
    case 0x9005: properties(range, file)
    default: break
    }
  }

  private mutating func name(_ bytes: [UInt8]) {
    if attachments.isEmpty { attachments.append(Attachment()) }
    let last = attachments.count - 1
    let name = Array(bytes.prefix { $0 != 0 })
    if !name.isEmpty, attachments[last].names.count < Self.maximumNames { attachments[last].names.append(name) }
  }

  /// Properties of MAPI: of these the long names. Read until one has a type that is not known here.
  private mutating func properties(_ range: Range<Int>, _ file: UnsafeRawBufferPointer) {
    let file = UnsafeRawBufferPointer(rebasing: file[range])
    guard let count = Self.number(file, 0) else { return }
    var offset = 4
    for _ in 0..<min(count, 500) {
      guard let tag = Self.number(file, offset) else { return }
      offset += 4
      let (type, id) = (tag & 0xffff, tag >> 16)
      if id >= 0x8000 { guard let skipped = named(file, offset) else { return }; offset = skipped }
      guard let end = value(type, id, file, offset) else { return }
      offset = end
    }
  }

  /// A property with a name of its own: its set, and a number or text.
  private func named(_ file: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
    guard let kind = Self.number(file, offset + 16), let length = Self.number(file, offset + 20) else { return nil }
    return kind == 0 ? offset + 24 : length < file.count ? offset + 24 + (length + 3) & ~3 : nil
  }

  private mutating func value(_ type: Int, _ id: Int, _ file: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    switch type {
    case 0x02, 0x03, 0x04, 0x0a, 0x0b: return start + 4
    case 0x05, 0x06, 0x07, 0x14, 0x40: return start + 8
    case 0x48: return start + 16
    case 0x0d, 0x1e, 0x1f, 0x102: break
    default: return nil
    }
    guard let count = Self.number(file, start), count <= 64 else { return nil }
    var offset = start + 4
    for _ in 0..<count {
      guard let length = Self.number(file, offset), length <= file.count - offset - 4 else { return nil }
      let bytes = Array(file[(offset + 4)..<(offset + 4 + length)])
      if id == 0x3707 || id == 0x3704 || id == 0x3001 { name(type == 0x1f ? bytes.filter { $0 != 0 } : bytes) }
      offset += 4 + (length + 3) & ~3
    }
    return offset
  }
}
