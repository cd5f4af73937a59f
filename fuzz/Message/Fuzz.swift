// SPDX-License-Identifier: Apache-2.0
import Message

/// Any content gets a header that reads as one: the fields that arrival adds are in it, the ones it takes away are not, and the hops are
/// counted right. The first byte says whether the client is local.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  let isLocal = input.first == UInt8(ascii: "L")
  let content = UnsafeRawBufferPointer(rebasing: input.dropFirst())
  var headers = ArrivalHeaders(hostname: "mail.example.com", product: "Weir", origin: "example.com", zone: .utc)
  let received = ReceivedField(
    helo: "h", clientName: "unknown", clientAddress: "192.0.2.1", transmission: Transmission(extended: true), queueID: "ID", recipient: nil)
  let arrival = headers.compose(received, sender: "a@b", arrival: 0, content: content, isLocal: isLocal)
  check(arrival, Edit.apply(arrival.edits, to: content), isLocal)
  _ = DeliveryHeaders.isLoop([content], recipient: "a@b")
  check(lines: content)
  return 0
}

/// Every byte of a body is in one field or one line of text, in order; what is decoded has lines of bounded length.
func check(lines content: UnsafeRawBufferPointer) {
  var fields: [(name: [UInt8], value: [UInt8])] = []
  let end = HeaderBlock.scan(content) { fields.append((Array(content[$0.name]), Array(content[$0.value]))) }
  let body = UnsafeRawBufferPointer(rebasing: content[end.offset...])
  var lines = BodyLines(types: fields.filter { $0.name.count == 12 }.map(\.value), body: body)
  var offset = 0
  lines.run { event in
    switch event {
    case .field(let field):
      precondition(field.lines.lowerBound == offset && field.lines.upperBound > offset && field.name.upperBound <= field.value.lowerBound)
      precondition(field.value.lowerBound <= field.value.upperBound && field.value.upperBound <= field.lines.upperBound)
      offset = field.lines.upperBound
    case .text(let text):
      precondition(text.range.lowerBound == offset && text.end >= text.range.upperBound && text.range.count <= BodyLines.maximumLine)
      offset = text.end
    }
    return true
  }
  precondition(offset == body.count)
  DecodedText.lines(header: fields, body: body, limit: 0) { line in
    precondition((1...BodyLines.maximumLine).contains(line.count))
    return true
  }
}

func check(_ arrival: ArrivalHeaders.Arrival, _ content: [UInt8], _ isLocal: Bool) {
  let message = arrival.prefix + content
  message.withUnsafeBytes { bytes in
    var hops = 0
    var dates = 0
    let end = HeaderBlock.scan(bytes) { field in
      let name = FieldName(bytes[field.name])
      precondition(name != .returnPath && name != .bcc && name != .contentLength && name != .resentBcc)
      if name == .received { hops += 1 }
      if name == .date || name == .resentDate { dates += 1 }
    }
    precondition(hops == arrival.hops)
    precondition(dates > 0 || !isLocal)
    if case .bodyLine = end { preconditionFailure("a body that nothing announces") }
  }
}
