// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Queue

/// An event of the trace with memory of its own.
struct TraceEvent {
  /// Microseconds since 1970.
  let time: Int64
  let kind: Kind.Name
  let severity: Severity
  let service: String
  let queueID: QueueID?
  let session: UInt32
  private let texts: [Field: String]
  private let numbers: [Field: Int64]

  init(_ event: RecordedEvent) {
    (time, kind, severity, queueID, session) = (event.time, event.kind, event.severity, event.queueID, event.session)
    service = String(decoding: event.service, as: UTF8.self)
    var texts: [Field: String] = [:]
    var numbers: [Field: Int64] = [:]
    event.forEach { field, value in
      switch field.form {
      case .text: texts[field] = String(decoding: value, as: UTF8.self)
      case .number, .seconds, .flag: numbers[field] = value.count == 8 ? value.loadUnaligned(as: Int64.self) : 0
      case .address: texts[field] = event.address(field).map(\.description)
      }
    }
    (self.texts, self.numbers) = (texts, numbers)
  }

  /// Empty where the event has none.
  subscript(field: Field) -> String { texts[field] ?? "" }
  func number(_ field: Field) -> Int64? { numbers[field] }
  func has(_ field: Field) -> Bool { texts[field] != nil || numbers[field] != nil }

  /// `name[address]`
  var client: String { "\(self[.clientName])[\(has(.clientAddress) ? self[.clientAddress] : has(.isLocal) ? "local" : "unknown")]" }

  /// All of them in `records`, as `EventRecord` writes them.
  static func all(in records: [UInt8]) -> [TraceEvent] {
    records.withUnsafeBytes { bytes in
      var rest = bytes[...]
      var events: [TraceEvent] = []
      while let event = RecordedEvent(&rest) { events.append(TraceEvent(event)) }
      return events
    }
  }
}
