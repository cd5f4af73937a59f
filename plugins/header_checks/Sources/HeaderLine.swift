// SPDX-License-Identifier: Apache-2.0
import Rules
import Tables
import WeirPlugin

/// A header field. The bytes are lent until the callback returns.
struct HeaderLine {
  let name: UnsafeBufferPointer<UInt8>
  let value: UnsafeBufferPointer<UInt8>
  /// No blank follows the colon, or it is part of the value.
  let isTight: Bool

  init(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isTight: Bool) {
    (self.name, self.value, self.isTight) = (name, value, isTight)
  }

  init(_ event: Event) {
    name = event.name.bytes.bindMemory(to: UInt8.self)
    value = event.value.bytes.bindMemory(to: UInt8.self)
    let separator = event.parameters.isEmpty ? nil : event.parameter("separator")
    isTight = separator.map { $0.bytes.last != 0x20 } ?? false
  }

  /// As the rules see it.
  func logical(limit: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    LogicalHeader.with(name, value, isTight: isTight, limit: limit, body)
  }

  func shown(limit: Int) -> String {
    var text = ""
    logical(limit: limit) { text = String(decoding: $0.prefix(LogContext.maximumLine), as: UTF8.self) }
    return text
  }
}
