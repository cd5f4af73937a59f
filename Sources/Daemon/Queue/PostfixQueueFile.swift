// SPDX-License-Identifier: Apache-2.0
import Queue

/// A file of Postfix's queue: records of a type, a length in groups of 7 bits, the lowest first, and so many bytes. The envelope comes first, the content
/// follows `M`, what was found in it follows `X`, and `E` ends the file. A `p` with an offset goes on there.
struct PostfixQueueFile {
  struct Fault: Error, Equatable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private(set) var message = PortableMessage()
  private(set) var content: [UInt8] = []
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var isContent = false
  /// Of the recipient to come.
  private var next = PortableMessage.Recipient(address: "", original: "")

  /// More would be a circle.
  private static let mostRecords = 20_000_000
  private static let mostJumps = 100_000

  static func parse(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> PostfixQueueFile {
    var file = PostfixQueueFile(bytes)
    try file.read()
    return file
  }

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func read() throws(Fault) {
    var records = 0
    var jumps = 0
    while let record = try nextRecord() {
      records += 1
      guard records < Self.mostRecords, content.count <= bytes.count * 2 else { throw Fault("its records go round in a circle") }
      switch record.type {
      case "E":
        if message.recipients.isEmpty { throw Fault("nobody is still to get it") }
        return
      case "p":
        jumps += 1
        guard jumps < Self.mostJumps else { throw Fault("its records go round in a circle") }
        try jump(text(record.data))
      default: take(record.type, record.data)
      }
    }
    throw Fault("it has no end: Postfix was still writing it")
  }

  private mutating func nextRecord() throws(Fault) -> (type: Unicode.Scalar, data: Range<Int>)? {
    guard position < bytes.count else { return nil }
    let type = Unicode.Scalar(bytes[position])
    position += 1
    var (length, shift) = (0, 0)
    while true {
      guard position < bytes.count, shift < 35 else { throw Fault("this is no queue file of Postfix") }
      let byte = bytes[position]
      position += 1
      length |= Int(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 { break }
    }
    guard length <= bytes.count - position else { throw Fault("this is no queue file of Postfix, or it ends in its middle") }
    defer { position += length }
    return (type, position..<(position + length))
  }

  private mutating func jump(_ target: String) throws(Fault) {
    guard let offset = Int(target.filter { $0 != " " }), offset >= 0, offset <= bytes.count else { throw Fault("it points nowhere") }
    if offset > 0 { position = offset }
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private mutating func take(_ type: Unicode.Scalar, _ data: Range<Int>) {
    switch type {
    case "M": isContent = true
    case "X": isContent = false
    case "N" where isContent, "L" where isContent:
      content += bytes[data]
      if type == "N" { content.append(0x0a) }
    default: takeEnvelope(type, text(data))
    }
  }

  private mutating func takeEnvelope(_ type: Unicode.Scalar, _ value: String) {
    switch type {
    case "S": message.sender = value
    case "T":
      let parts = value.split(separator: " ").compactMap { Int64($0) }
      if let seconds = parts.first, (0...1 << 40).contains(seconds) {
        message.arrival = seconds * 1_000_000 + (parts.dropFirst().first ?? 0) % 1_000_000
      }
    case "A": takeAttribute(value)
    case "<": message.returnContent = value == "1" ? .full : value == "2" ? .headers : nil
    case "i": message.envelopeID = value
    case "L": message.contentFilter = value
    case "O": next.original = value
    case "o": next.originalRecipient = value.isEmpty ? nil : value
    case "n": next.notify = Self.notify(Int(value) ?? 0)
    case "R", "D", "/":
      if type == "R", !value.isEmpty {
        next.address = value
        if next.original.isEmpty { next.original = value }
        message.recipients.append(next)
      }
      next = PortableMessage.Recipient(address: "", original: "")
    default: break
    }
  }

  private mutating func takeAttribute(_ value: String) {
    if value == "encoding=8bit" { message.hasEightBit = true }
  }

  /// Postfix counts never as 1, success as 2, delay as 4 and failure as 8.
  private static func notify(_ flags: Int) -> UInt8 {
    let pairs: [(Int, Recipient.Notify)] = [(1, .never), (2, .success), (4, .delay), (8, .failure)]
    return pairs.reduce(0) { flags & $1.0 == 0 ? $0 : $0 | $1.1.rawValue }
  }
}
