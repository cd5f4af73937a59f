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
  return 0
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
