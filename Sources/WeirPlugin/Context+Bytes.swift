// SPDX-License-Identifier: MIT
import CWeir

/// The same for texts that are bytes: a header field may hold what is no UTF-8.
extension Context {
  public func insertHeader(_ name: [UInt8], _ value: [UInt8], before field: UInt64) throws(HostError) {
    try header(WEIR_HDR_BEFORE, field, name, value)
  }
  public func replaceHeader(_ field: UInt64, with name: [UInt8], _ value: [UInt8]) throws(HostError) {
    try header(WEIR_HDR_REPLACE, field, name, value)
  }

  private func header(_ operation: Int, _ field: UInt64, _ name: [UInt8], _ value: [UInt8]) throws(HostError) {
    let status = name.lend { name in
      value.lend { table.pointee.header(host, id, UInt32(truncatingIfNeeded: operation), field, name, $0) }
    }
    try HostError.check(status)
  }

  /// With a status that is known only now.
  public func reply(_ code: Int, status: String, _ text: String) -> Verdict {
    let raw = status.withCString { status in text.lend { table.pointee.reply(host, id, UInt32(clamping: code), status, $0) } }
    return Verdict(rawValue: raw)
  }
}

extension [UInt8] {
  /// Lends the bytes to a function of the host.
  func lend<Answer>(_ body: (weir_str) -> Answer) -> Answer {
    withUnsafeBytes { body(weir_str(ptr: $0.baseAddress?.assumingMemoryBound(to: CChar.self), len: $0.count)) }
  }
}
