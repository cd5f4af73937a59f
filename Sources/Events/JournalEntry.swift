// SPDX-License-Identifier: Apache-2.0
import Bytes

/// An event in the journal's native protocol: `KEY=value` lines, and for a value with a line end its length before it.
package enum JournalEntry {
  package static func append(_ event: RecordedEvent, _ origin: LogOrigin, facility: Int, to entry: inout [UInt8]) {
    var text: [UInt8] = []
    PostfixText.append(event, to: &text)
    append("MESSAGE", text, to: &entry)
    entry.write("PRIORITY=")
    entry.write(number: Int64(event.severity.syslogLevel))
    entry.write("\nSYSLOG_FACILITY=")
    entry.write(number: Int64(facility))
    entry.write("\nSYSLOG_IDENTIFIER=")
    origin.appendTag(event, to: &entry)
    entry.write("\nSYSLOG_PID=")
    entry.write(number: Int64(origin.processID))
    entry.write("\nWEIR_EVENT=")
    entry.write(event.kind.text)
    entry.write("\n")
    if event.session > 0 {
      entry.write("WEIR_SESSION=")
      entry.write(number: Int64(event.session))
      entry.write("\n")
    }
    if let id = event.queueID {
      entry.write("WEIR_QUEUE_ID=")
      id.write(to: &entry)
      entry.write("\n")
    }
    event.forEach { field, value in append(field, value, to: &entry) }
  }

  private static func append(_ field: Field, _ value: UnsafeRawBufferPointer, to entry: inout [UInt8]) {
    if field == .text { return }
    var text: [UInt8] = []
    field.append(value, quoted: false, to: &text)
    var key = Array("WEIR_".utf8)
    field.key.withUTF8Buffer { name in
      for byte in name { key.append((0x61...0x7a).contains(byte) ? byte - 0x20 : byte) }
    }
    append(key, text, to: &entry)
  }

  private static func append(_ key: StaticString, _ value: [UInt8], to entry: inout [UInt8]) {
    append(key.withUTF8Buffer { Array($0) }, value, to: &entry)
  }

  private static func append(_ key: [UInt8], _ value: [UInt8], to entry: inout [UInt8]) {
    entry.append(contentsOf: key)
    if value.contains(0x0a) {
      entry.write("\n")
      withUnsafeBytes(of: UInt64(value.count).littleEndian) { entry.append(contentsOf: $0) }
    } else {
      entry.write("=")
    }
    entry.append(contentsOf: value)
    entry.write("\n")
  }
}
