// SPDX-License-Identifier: Apache-2.0

/// A message made fit for a server without 8BITMIME (RFC 6152 §3): the parts that go beyond ASCII become quoted-printable, all else stays as it is.
package enum SevenBitForm {
  /// Lines end in LF. Nil where there is nothing to do.
  package static func of(_ content: UnsafeRawBufferPointer) -> [UInt8]? {
    guard content.contains(where: { $0 >= 0x80 }) else { return nil }
    let message = Message(content)
    var edits = message.structure.parts.flatMap { message.edits(of: $0) }
    if edits.isEmpty { return nil }
    if !message.isMIME { edits.append(Edit(at: message.headerEnd, "MIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n")) }
    return apply(edits, to: content)
  }

  fileprivate struct Edit {
    let range: Range<Int>
    let replacement: [UInt8]

    init(_ range: Range<Int>, _ replacement: [UInt8]) { (self.range, self.replacement) = (range, replacement) }
    init(at offset: Int, _ text: String) { self.init(offset..<offset, Array(text.utf8)) }
  }

  private static func apply(_ edits: [Edit], to content: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(content.count + content.count / 4)
    var position = 0
    let inOrder = edits.enumerated().sorted { ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset) }.map(\.element)
    for edit in inOrder where edit.range.lowerBound >= position {
      output.append(contentsOf: content[position..<edit.range.lowerBound])
      output += edit.replacement
      position = edit.range.upperBound
    }
    output.append(contentsOf: content[position...])
    return output
  }

  private struct Message {
    let content: UnsafeRawBufferPointer
    /// Where the empty line is.
    let headerEnd: Int
    let bodyStart: Int
    let structure: MIMEStructure
    private let header: [HeaderBlock.Field]

    init(_ content: UnsafeRawBufferPointer) {
      self.content = content
      var fields: [HeaderBlock.Field] = []
      let end = HeaderBlock.scan(content) { fields.append($0) }
      headerEnd = end.offset
      if case .emptyLine(let offset) = end {
        bodyStart = (content[offset...].firstIndex(of: 0x0a) ?? content.count - 1) + 1
      } else {
        bodyStart = end.offset
      }
      header = fields
      structure = MIMEStructure(
        header: fields.map { (Array(content[$0.name]), Array(content[$0.value])) }, body: UnsafeRawBufferPointer(rebasing: content[bodyStart...]))
    }

    var isMIME: Bool { header.contains { isNamed("mime-version", $0.name) } }

    func edits(of part: MIMEStructure.Part) -> [Edit] {
      let isRoot = part.depth == 0
      let fields = isRoot ? header.map { ($0.name, $0.lines) } : part.fields.map { (shifted($0.name), lines(of: $0)) }
      let encodings = fields.filter { isNamed("content-transfer-encoding", $0.0) }.map(\.1)
      if part.content.isEmpty {
        // What holds parts takes the form of what it holds: RFC 2045 §6.4.
        return encodings.filter { field in says(field, ["8bit", "binary"]) }.map { Edit($0, Array("Content-Transfer-Encoding: 7bit\n".utf8)) }
      }
      let text = shifted(part.content)
      guard part.encoding == .identity, content[text].contains(where: { $0 >= 0x80 }) else { return [] }
      var encoded: [UInt8] = []
      QuotedPrintable.append(UnsafeRawBufferPointer(rebasing: content[text]), to: &encoded)
      return encodings.map { Edit($0, []) } + [declaration(text.lowerBound, isRoot: isRoot), Edit(text, encoded)]
    }

    /// Put at the end of the part's header; where that has none, it gets one.
    private func declaration(_ start: Int, isRoot: Bool) -> Edit {
      let line = "Content-Transfer-Encoding: quoted-printable\n"
      if isRoot { return Edit(at: headerEnd, headerEnd == bodyStart ? line + "\n" : line) }
      let hasEmptyLine = start >= 2 && content[start - 1] == 0x0a && (content[start - 2] == 0x0a || content[start - 2] == 0x0d)
      return hasEmptyLine ? Edit(at: start - 1, line) : Edit(at: start, line + "\n")
    }

    private func shifted(_ range: Range<Int>) -> Range<Int> { range.lowerBound + bodyStart..<range.upperBound + bodyStart }

    private func lines(of field: MIMEStructure.Field) -> Range<Int> {
      let value = shifted(field.value)
      let end = content[value.upperBound...].firstIndex(of: 0x0a).map { $0 + 1 } ?? content.count
      return shifted(field.name).lowerBound..<end
    }

    private func isNamed(_ name: String, _ range: Range<Int>) -> Bool { String(decoding: content[range], as: UTF8.self).lowercased() == name }

    private func says(_ lines: Range<Int>, _ words: [String]) -> Bool {
      let text = String(decoding: content[lines], as: UTF8.self).lowercased()
      return words.contains { text.contains($0) }
    }
  }
}
