// SPDX-License-Identifier: Apache-2.0

/// What one pass over the header of a new message finds.
struct ArrivalFacts {
  private(set) var hops = 0
  private(set) var edits: [Edit] = []
  /// The content begins with mbox's `From ` line, which is not a field.
  private(set) var mailboxLine = false
  /// The content has no field and does not begin with the empty line.
  private(set) var beginsWithBody = false
  /// Where the values of Message-ID and Resent-Message-ID are in the content, in the order in which they stand there.
  private(set) var messageIDs: [(value: Range<Int>, isResent: Bool)] = []
  private var seen: UInt32 = 0

  init(_ content: UnsafeRawBufferPointer, completing origin: String?) {
    let skipped = ArrivalFacts.mailboxLineEnd(content)
    mailboxLine = skipped > 0
    let header = UnsafeRawBufferPointer(rebasing: content[skipped...])
    var hasFields = mailboxLine
    let end = HeaderBlock.scan(header) { field in
      hasFields = true
      note(field, header, origin)
    }
    switch end {
    case .emptyLine: break
    case .bodyLine(let offset) where hasFields: edits.append(Edit(at: offset, insert: [0x0A]))
    case .bodyLine: beginsWithBody = true
    case .content: beginsWithBody = !hasFields
    }
    guard skipped > 0 else { return }
    edits = edits.map { $0.moved(by: skipped) }
    messageIDs = messageIDs.map { ($0.value.lowerBound + skipped..<$0.value.upperBound + skipped, $0.isResent) }
  }

  var isResent: Bool { FieldName.allCases.contains { $0.isResent && has($0) } }

  func has(_ name: FieldName) -> Bool { seen & (1 << UInt32(name.rawValue)) != 0 }

  /// Whether a field is there: as `resent` if the message was sent again.
  func has(_ name: FieldName, or resent: FieldName) -> Bool { has(isResent ? resent : name) }

  private mutating func note(_ field: HeaderBlock.Field, _ header: UnsafeRawBufferPointer, _ origin: String?) {
    if let origin { BareAddresses.complete(field, in: header, with: origin, edits: &edits) }
    guard let name = FieldName(header[field.name]) else { return }
    seen |= 1 << UInt32(name.rawValue)
    switch name {
    case .received: hops += 1
    case .messageID, .resentMessageID: messageIDs.append((field.value, name.isResent))
    // Postfix's message_drop_headers.
    case .bcc, .contentLength, .resentBcc, .returnPath: edits.append(Edit(remove: field.lines))
    default: break
    }
  }

  /// The offset after a first line `From …` or `>From …`; 0 if there is none.
  private static func mailboxLineEnd(_ content: UnsafeRawBufferPointer) -> Int {
    let line = content.prefix { $0 != 0x0A }
    guard line.drop(while: { $0 == 0x3E }).starts(with: "From ".utf8) else { return 0 }
    return min(line.endIndex + 1, content.count)
  }
}

/// A change to content: `range` is replaced by `bytes`.
package struct Edit: Equatable, Sendable {
  package var range: Range<Int>
  package var bytes: [UInt8]

  package init(range: Range<Int>, bytes: [UInt8]) {
    self.range = range
    self.bytes = bytes
  }

  init(remove range: Range<Int>) { self.init(range: range, bytes: []) }

  init(at offset: Int, insert bytes: [UInt8]) { self.init(range: offset..<offset, bytes: bytes) }

  func moved(by distance: Int) -> Edit { Edit(range: range.lowerBound + distance..<range.upperBound + distance, bytes: bytes) }

  /// The content after `edits`, which are in ascending order and apart.
  package static func apply(_ edits: [Edit], to content: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(content.count + edits.reduce(0) { $0 + $1.bytes.count })
    var position = 0
    for edit in edits where edit.range.lowerBound >= position && edit.range.upperBound <= content.count {
      output.append(contentsOf: content[position..<edit.range.lowerBound])
      output.append(contentsOf: edit.bytes)
      position = edit.range.upperBound
    }
    output.append(contentsOf: content[position...])
    return output
  }
}
