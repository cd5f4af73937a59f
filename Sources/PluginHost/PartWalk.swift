// SPDX-License-Identifier: Apache-2.0
import Message
import Pipeline

/// The parts of a message, event by event: the header of a part, what it is, what is in it.
final class PartWalk {
  struct Step {
    let event: StageEvent
    let part: UInt32
    var name: [UInt8] = []
    var value: [UInt8] = []
    var parameters: [(key: String, value: [UInt8])] = []
    var reference: UInt64 = 0
    var isNested = false
    var isLast = false
  }

  private enum Position { case fields, part, body }

  private let structure: MIMEStructure
  private let message: StagedMessage
  private let isDecoded: Bool
  private var part = 0
  private var position = Position.fields
  private var field = 0
  private var decoder: TransferDecoder?
  private var decoded: UInt64 = 0

  private static let maximumPiece = 64 * 1024

  init(_ message: StagedMessage, isDecoded: Bool) {
    self.message = message
    self.isDecoded = isDecoded
    var header: [(name: [UInt8], value: [UInt8])] = []
    for index in 0..<message.fields.count {
      message.fields.withField(index) { _, name, value in
        if name.count > 8, name[0] | 0x20 == UInt8(ascii: "c") { header.append((Array(name), Array(value))) }
      }
    }
    structure = MIMEStructure(header: header, body: message.body)
  }

  /// The next event that is among `wanted`; nil when there is no more.
  func next(_ wanted: StageEvents) -> Step? {
    while part < structure.parts.count {
      switch position {
      case .fields:
        if wanted.has(.partHeader), field < structure.parts[part].fields.count {
          field += 1
          return header(structure.parts[part].fields[field - 1])
        }
        position = .part
      case .part:
        position = .body
        if wanted.has(.part) { return description() }
      case .body:
        if wanted.has(.partBody), let step = body() { return step }
        (part, field, position, decoder, decoded) = (part + 1, 0, .fields, nil, 0)
      }
    }
    return nil
  }

  private func header(_ field: MIMEStructure.Field) -> Step {
    var value = UnsafeRawBufferPointer(rebasing: message.body[field.value])
    if value.first == 0x20 { value = UnsafeRawBufferPointer(rebasing: value.dropFirst()) }
    var step = Step(event: .partHeader, part: UInt32(clamping: part), name: Array(message.body[field.name]))
    step.value = isDecoded ? EncodedWords.decoded(value) : Array(value)
    step.isNested = structure.parts[part].isNested
    return step
  }

  private func description() -> Step {
    let found = structure.parts[part]
    var step = Step(event: .part, part: UInt32(clamping: part), name: Array(found.type.value.utf8))
    step.value = found.fileName ?? []
    step.reference = UInt64(found.depth)
    step.isNested = found.isNested
    if let charset = found.type.text("charset") { step.parameters.append(("charset", charset)) }
    if !found.disposition.value.isEmpty { step.parameters.append(("disposition", Array(found.disposition.value.utf8))) }
    step.parameters.append(("size", Array(String(found.content.count).utf8)))
    return step
  }

  private func body() -> Step? {
    let found = structure.parts[part]
    if decoder == nil {
      if found.content.isEmpty { return nil }
      decoder = TransferDecoder(found.encoding, found.content)
    }
    guard decoder?.isAtEnd == false else { return nil }
    let bytes = decoder?.next(message.body, limit: Self.maximumPiece) ?? []
    defer { decoded += UInt64(bytes.count) }
    var step = Step(event: .partBody, part: UInt32(clamping: part), value: bytes)
    step.reference = decoded
    step.isLast = decoder?.isAtEnd == true
    return step
  }
}
