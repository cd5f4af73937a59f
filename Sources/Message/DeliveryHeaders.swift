// SPDX-License-Identifier: Apache-2.0

/// What a message gets when it goes into a mailbox, in the order of Postfix's local and virtual agents.
package enum DeliveryHeaders {
  /// RFC 5321 §4.4 for Return-Path; `sender` is empty for the null path. `original` is the recipient as the client gave it.
  package static func compose(sender: String, original: String, recipient: String, deliveredTo: Bool = true) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(64 + sender.utf8.count + original.utf8.count + recipient.utf8.count)
    output.write("Return-Path: <")
    output.writeAddress(sender)
    output.write(">\n")
    if !original.isEmpty {
      output.write("X-Original-To: ")
      output.writeAddress(original)
      output.append(0x0A)
    }
    guard deliveredTo else { return output }
    output.write("Delivered-To: ")
    output.writeAddress(recipient)
    output.append(0x0A)
    return output
  }

  /// Whether the content says that it has been delivered to `recipient` before: a forwarding loop (status 5.4.6). Case does not matter.
  /// `pieces` are the content in order; a piece ends with a line as long as it is header.
  package static func isLoop(_ pieces: [UnsafeRawBufferPointer], recipient: String) -> Bool {
    var found = false
    for piece in pieces where !found {
      let end = HeaderBlock.scan(piece) { field in
        guard !found, FieldName.deliveredTo.matches(piece[field.name]) else { return }
        found = isAddress(piece[field.value], recipient)
      }
      guard case .content = end else { break }
    }
    return found
  }

  private static func isAddress(_ value: Slice<UnsafeRawBufferPointer>, _ address: String) -> Bool {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
    let written = value.drop(while: blank)
    var expected: [UInt8] = []
    expected.writeAddress(address)
    guard written.count >= expected.count, written.dropFirst(expected.count).allSatisfy(blank) else { return false }
    return zip(written, expected).allSatisfy { lowercase($0) == lowercase($1) }
  }
}
