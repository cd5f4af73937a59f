// SPDX-License-Identifier: Apache-2.0
import Message

/// Whatever comes as a message, a field, a name or a file is read without a trap, within bounds, and what it says of itself is in it. The first byte
/// says what it is taken for.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  let rest = UnsafeRawBufferPointer(rebasing: input.dropFirst())
  switch input.first.map({ Character(Unicode.Scalar($0)) }) {
  case "M": message(rest)
  case "F": field(rest)
  case "T": texts(rest)
  default: file(rest)
  }
  return 0
}

func message(_ content: UnsafeRawBufferPointer) {
  var header: [(name: [UInt8], value: [UInt8])] = []
  let end = HeaderBlock.scan(content) { if header.count < 100 { header.append((Array(content[$0.name]), Array(content[$0.value]))) } }
  let body = UnsafeRawBufferPointer(rebasing: content[end.offset...])
  let base = MessageParts(header: header, body: body)
  check(base, body)
  for reading in MessageParts.Reading.each where base.doubts.contains(reading) {
    check(MessageParts(header: header, body: body, reading: reading), body)
  }
  check(MessageParts(header: header, body: body, reading: base.doubts), body)
}

func check(_ structure: MessageParts, _ body: UnsafeRawBufferPointer) {
  precondition(structure.parts.count <= MessageParts.maximumParts && !structure.parts.isEmpty)
  for part in structure.parts {
    precondition(part.depth <= MessageParts.maximumDepth)
    precondition(
      part.content.upperBound <= body.count && part.whole.lowerBound <= part.content.lowerBound && part.content.upperBound <= part.whole.upperBound)
    for case .body(let range) in part.fields { precondition(range.upperBound <= body.count) }
    for encoding in part.encodings { _ = PartDecoder.readings(UnsafeRawBufferPointer(rebasing: body[part.content]), encoding, limit: 1000) }
  }
}

func field(_ value: UnsafeRawBufferPointer) {
  let found = ParameterReadings(value, "name")
  precondition(found.values.count <= ParameterReadings.maximumValues)
  for value in found.values { for name in FileName.readings(value) { check(name) } }
  check(FileName(Array(value)))
}

func check(_ name: FileName) {
  precondition(name.shown.unicodeScalars.count <= 120 && !name.shown.utf8.contains { $0 < 0x20 })
  precondition(name.extensions.count <= 32 && name.extensions.allSatisfy { $0.utf8.count <= 64 && !$0.contains(".") })
}

func texts(_ text: UnsafeRawBufferPointer) {
  var end = 0
  for file in InlineFiles.find(text) {
    precondition(file.lines.lowerBound >= end && file.lines.upperBound <= text.count)
    end = file.lines.upperBound
    let bytes = InlineFiles.decoded(file, in: text, limit: 1000)
    precondition(bytes.count <= 1000)
    let alone = UnsafeRawBufferPointer(rebasing: text[file.lines])
    precondition(InlineFiles.decoded(file.alone, in: alone, limit: 1000) == bytes)
  }
}

func file(_ bytes: UnsafeRawBufferPointer) {
  _ = FileType(bytes)
  if let tnef = TNEF(bytes) { precondition(tnef.attachments.allSatisfy { $0.data.upperBound <= bytes.count }) }
  if let compound = CompoundFile(bytes) {
    precondition(compound.entries.count <= CompoundFile.maximumEntries)
    _ = (compound.hasMacros, compound.isEncrypted, compound.isInstaller)
    for entry in compound.entries.prefix(20) { precondition(compound.stream(entry, in: bytes, limit: 10_000).count <= 10_000) }
  }
}
