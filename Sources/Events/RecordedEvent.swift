// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue

/// A record, read where it lies: valid as long as its bytes are.
package struct RecordedEvent {
  /// Microseconds since 1970.
  package let time: Int64
  package let severity: Severity
  package let kind: Kind.Name
  package let queueID: QueueID?
  package let session: UInt32
  /// The number of the syslog name.
  package let name: Int
  package let service: UnsafeRawBufferPointer
  private let fields: UnsafeRawBufferPointer

  /// Takes the first record off `bytes`; nil when there is no whole one.
  package init?(_ bytes: inout Slice<UnsafeRawBufferPointer>) {
    guard bytes.count >= 4 else { return nil }
    let all = UnsafeRawBufferPointer(rebasing: bytes)
    let length = Int(all.loadUnaligned(as: UInt32.self))
    guard length > EventRecord.headLength, length <= all.count - 4 else { return nil }
    let record = UnsafeRawBufferPointer(rebasing: all[4..<(4 + length)])
    bytes = bytes.dropFirst(4 + length)
    time = record.loadUnaligned(as: Int64.self)
    let id = record.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    queueID = id == 0 ? nil : QueueID(rawValue: id)
    session = record.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    name = Int(record.loadUnaligned(fromByteOffset: 20, as: UInt16.self))
    guard let severity = Severity(rawValue: record[22]), let kind = Kind.Name(rawValue: record[23]) else { return nil }
    self.severity = severity
    self.kind = kind
    service = record.slice(25, 25 + Int(record[24]))
    fields = record.slice(25 + service.count, record.count)
  }

  /// The bytes of a field; nil when the event has none.
  package subscript(field: Field) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    forEach { if $0 == field { found = $1 } }
    return found
  }

  package func number(_ field: Field) -> Int64? {
    self[field].flatMap { $0.count == 8 ? $0.loadUnaligned(as: Int64.self) : nil }
  }

  package func address(_ field: Field) -> IPAddress? { self[field].flatMap(IPAddress.init(recorded:)) }

  /// In the order in which they were written.
  package func forEach(_ body: (Field, UnsafeRawBufferPointer) -> Void) {
    var rest = fields
    while rest.count >= 5, let field = Field(rawValue: rest[0]) {
      let end = 5 + Int(rest.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
      guard end <= rest.count else { return }
      body(field, rest.slice(5, end))
      rest = rest.slice(end, rest.count)
    }
  }
}

extension IPAddress {
  /// Family, high and low bits.
  init?(recorded bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 17 else { return nil }
    let (high, low) = (bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 9, as: UInt64.self))
    self = bytes[0] == 4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6: high, low)
  }
}
