// SPDX-License-Identifier: MIT
import CWeir

/// What a stage may change, from MAIL to the end of the message. Each needs its capability, else it is `HostError.denied`.
extension Context {
  // MARK: Header fields (.headers)

  public func appendHeader(_ name: String, _ value: String) throws(HostError) { try header(WEIR_HDR_APPEND, 0, name, value) }
  public func prependHeader(_ name: String, _ value: String) throws(HostError) { try header(WEIR_HDR_PREPEND, 0, name, value) }
  /// Before the field that `event.reference` or `eachHeader` named.
  public func insertHeader(_ name: String, _ value: String, before field: UInt64) throws(HostError) {
    try header(WEIR_HDR_BEFORE, field, name, value)
  }
  public func insertHeader(_ name: String, _ value: String, after field: UInt64) throws(HostError) {
    try header(WEIR_HDR_AFTER, field, name, value)
  }
  public func replaceHeader(_ field: UInt64, with name: String, _ value: String) throws(HostError) {
    try header(WEIR_HDR_REPLACE, field, name, value)
  }
  public func deleteHeader(_ field: UInt64) throws(HostError) { try header(WEIR_HDR_DELETE, field, "", "") }

  private func header(_ operation: Int, _ field: UInt64, _ name: String, _ value: String) throws(HostError) {
    let status = name.lend { name in
      value.lend { table.pointee.header(host, id, UInt32(truncatingIfNeeded: operation), field, name, $0) }
    }
    try HostError.check(status)
  }

  /// Every field as the stages before have left it (.fields), from the end of the header on.
  public func eachHeader(_ body: (_ field: UInt64, _ name: BorrowedText, _ value: BorrowedText) -> Void) throws(HostError) {
    var (field, name, value) = (UInt64(0), weir_str(), weir_str())
    while true {
      let status = table.pointee.next_header(host, id, &field, &name, &value)
      if status == HostError.notFound.rawValue { return }
      try HostError.check(status)
      body(field, BorrowedText(name), BorrowedText(value))
    }
  }

  // MARK: Envelope (.recipients, .sender)

  public func addRecipient(_ address: String, parameters: String = "") throws(HostError) {
    try recipient(WEIR_RCPT_ADD, address, parameters)
  }
  public func deleteRecipient(_ address: String) throws(HostError) { try recipient(WEIR_RCPT_DELETE, address, "") }
  /// The recipient of this RCPT.
  public func rewriteRecipient(to address: String, parameters: String = "") throws(HostError) {
    try recipient(WEIR_RCPT_REWRITE, address, parameters)
  }

  private func recipient(_ operation: Int, _ address: String, _ parameters: String) throws(HostError) {
    let status = address.lend { address in
      parameters.lend { table.pointee.rcpt(host, id, UInt32(truncatingIfNeeded: operation), address, $0) }
    }
    try HostError.check(status)
  }

  public func setSender(_ address: String, parameters: String = "") throws(HostError) {
    try HostError.check(address.lend { address in parameters.lend { table.pointee.sender(host, id, address, $0) } })
  }

  // MARK: Body (.body, .content)

  /// From the first call on, what is written is the body.
  public func writeBody(_ bytes: BorrowedText) throws(HostError) {
    let text = weir_str(ptr: bytes.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    try HostError.check(table.pointee.body(host, id, text))
  }
  public func writeBody(_ text: String) throws(HostError) { try HostError.check(text.lend { table.pointee.body(host, id, $0) }) }

  /// Puts bytes in the place of `range` of the body, as BODY's reference counts it. From the front of the body to its end.
  public func replaceBody(_ range: Range<Int>, with bytes: BorrowedText) throws(HostError) {
    let text = weir_str(ptr: bytes.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    try HostError.check(table.pointee.splice(host, id, UInt64(clamping: range.lowerBound), UInt64(clamping: range.count), text))
  }

  /// The message from `offset` on, as much as the host has at hand; nil at its end.
  public func content(at offset: UInt64) throws(HostError) -> BorrowedText? {
    var bytes = weir_str()
    let status = table.pointee.content(host, id, offset, &bytes)
    if status == HostError.notFound.rawValue { return nil }
    try HostError.check(status)
    return BorrowedText(bytes)
  }

  // MARK: Where it goes (.route)

  public func hold(_ reason: String) throws(HostError) { try route(WEIR_ROUTE_HOLD, reason) }
  public func quarantine(_ reason: String) throws(HostError) { try route(WEIR_ROUTE_QUARANTINE, reason) }
  public func redirect(to address: String) throws(HostError) { try route(WEIR_ROUTE_REDIRECT, address) }
  public func send(through nextHop: String) throws(HostError) { try route(WEIR_ROUTE_NEXTHOP, nextHop) }

  private func route(_ operation: Int, _ argument: String) throws(HostError) {
    try HostError.check(argument.lend { table.pointee.route(host, id, UInt32(truncatingIfNeeded: operation), $0) })
  }
}
