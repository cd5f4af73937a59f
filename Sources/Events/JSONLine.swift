// SPDX-License-Identifier: Apache-2.0
import Bytes

/// An event as one JSON object on a line. docs/logs.md has the keys.
package enum JSONLine {
  /// `stamp` is RFC 3339's, with microseconds.
  package static func append(_ event: RecordedEvent, _ origin: LogOrigin, stamp: [UInt8], to line: inout [UInt8]) {
    line.write("{\"time\":\"")
    line.append(contentsOf: stamp)
    line.write("\",\"host\":")
    line.write(json: origin.host)
    line.write(",\"name\":")
    line.write(json: origin.name(event))
    line.write(",\"service\":")
    event.service.withMemoryRebound(to: UInt8.self) { line.write(json: $0) }
    line.write(",\"pid\":")
    line.write(number: Int64(origin.processID))
    if event.session > 0 {
      line.write(",\"session\":")
      line.write(number: Int64(event.session))
    }
    line.write(",\"severity\":\"")
    line.write(event.severity.name)
    line.write("\",\"event\":\"")
    line.write(event.kind.text)
    line.write("\"")
    if let id = event.queueID {
      line.write(",\"queue_id\":\"")
      id.write(to: &line)
      line.write("\"")
    }
    event.forEach { field, value in append(field, value, to: &line) }
    appendMessage(event, to: &line)
    line.write("}\n")
  }

  /// As Postfix's line has it, for people.
  private static func appendMessage(_ event: RecordedEvent, to line: inout [UInt8]) {
    var text: [UInt8] = []
    PostfixText.append(event, to: &text)
    line.write(",\"message\":")
    line.write(json: text)
  }

  private static func append(_ field: Field, _ value: UnsafeRawBufferPointer, to line: inout [UInt8]) {
    // It is the message.
    if field == .text { return }
    line.write(",\"")
    line.write(field.key)
    line.write("\":")
    field.append(value, quoted: true, to: &line)
  }
}

extension Field {
  /// A value as JSON or, without quotes, as the journal has it.
  func append(_ value: UnsafeRawBufferPointer, quoted: Bool, to line: inout [UInt8]) {
    switch form {
    case .text:
      if quoted { value.withMemoryRebound(to: UInt8.self) { line.write(json: $0) } } else { line.append(contentsOf: value) }
    case .number: line.write(number: value.count == 8 ? value.loadUnaligned(as: Int64.self) : 0)
    case .seconds: line.write(microseconds: value.count == 8 ? value.loadUnaligned(as: Int64.self) : 0)
    case .flag: line.write("true")
    case .address:
      if quoted { line.write("\"") }
      if let address = IPAddress(recorded: value) { line.write(address) }
      if quoted { line.write("\"") }
    }
  }
}

extension [UInt8] {
  /// RFC 8259 §7. The text is UTF-8 already.
  mutating func write(json text: some Collection<UInt8>) {
    append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case 0x0a: write("\\n")
      case 0x09: write("\\t")
      case ..<0x20, 0x7f:
        write("\\u00")
        append(Self.hexadecimal(byte >> 4))
        append(Self.hexadecimal(byte & 15))
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x57 + digit }

  /// In seconds, with six decimals.
  mutating func write(microseconds: Int64) {
    let microseconds = Swift.max(0, microseconds)
    write(number: microseconds / 1_000_000)
    append(UInt8(ascii: "."))
    write(number: microseconds % 1_000_000, atLeast: 6)
  }
}
