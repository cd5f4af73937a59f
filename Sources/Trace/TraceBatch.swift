// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Queue

/// Records that become one row, with the words by which they are found.
struct TraceBatch {
  private(set) var records: [UInt8] = []
  private(set) var first = Int64.max
  private(set) var last = Int64.min
  private(set) var shadows: Int64 = 0
  private var words: Set<TraceWord> = []
  private let run: Int64
  private let keepsAddresses: Bool
  private let keepsSubjects: Bool

  /// A look-up reads whole rows.
  static let fullSize = 64 * 1024

  init(run: Int64, _ settings: TraceKeeper.Settings) {
    self.run = run
    keepsAddresses = settings.keepsAddresses
    keepsSubjects = settings.keepsSubjects
  }

  var isEmpty: Bool { records.isEmpty }
  var isFull: Bool { records.count >= Self.fullSize }

  /// In the order in which they are looked for.
  var sortedWords: [UInt64] { words.map(\.hash).sorted() }

  mutating func removeAll() {
    records.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
    (first, last, shadows) = (.max, .min, 0)
  }

  /// Takes the event, unless it explains nothing.
  mutating func add(_ event: RecordedEvent) {
    guard explains(event) else { return }
    first = min(first, event.time)
    last = max(last, event.time)
    if event.kind == .step, event[.isShadow] != nil { shadows += 1 }
    addWords(event)
    if keepsAddresses { EventRecord.append(event, to: &records) } else { EventRecord.append(event, to: &records, changing: AddressVeil.veiled) }
  }

  private func explains(_ event: RecordedEvent) -> Bool {
    switch event.kind {
    case .connect, .disconnect: false
    case .text: event.queueID != nil && keepsSubjects
    default: true
    }
  }

  private mutating func addWords(_ event: RecordedEvent) {
    if let id = event.queueID { words.insert(.queueID(id)) } else if event.session > 0 { words.insert(.session(event.session, run: run)) }
    event.forEach { field, value in
      switch field {
      case .sender, .originalRecipient: add(address: value)
      case .recipient:
        if event.kind == .arrived {
          value.split(separator: 0x20).forEach { add(address: UnsafeRawBufferPointer(rebasing: $0)) }
        } else {
          add(address: value)
        }
      case .messageID: words.insert(.messageID(Self.withoutBrackets(value)))
      case .code: words.insert(.code(value))
      case .clientAddress:
        // That of a message stands in its first event.
        if event.kind == .client || event.kind == .verdict, let address = event.address(.clientAddress) {
          words.insert(.client(address.description.utf8))
        }
      default: break
      }
    }
  }

  private mutating func add(address: UnsafeRawBufferPointer) {
    if keepsAddresses, !address.isEmpty { words.insert(.address(address)) }
  }

  private static func withoutBrackets(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard value.count > 2, value.first == UInt8(ascii: "<"), value.last == UInt8(ascii: ">") else { return value }
    return value.slice(1, value.count - 1)
  }
}

/// `trace_addresses = no`: what stands before an @ is not kept.
enum AddressVeil {
  static func veiled(_ field: Field, _ value: UnsafeRawBufferPointer) -> [UInt8]? {
    guard field.form == .text, field != .messageID, value.offset(of: UInt8(ascii: "@")) != nil else { return nil }
    var output: [UInt8] = []
    for byte in value {
      if byte == UInt8(ascii: "@") {
        while let last = output.last, !isBoundary(last) { output.removeLast() }
        output.append(UInt8(ascii: "*"))
      }
      output.append(byte)
    }
    return output
  }

  private static func isBoundary(_ byte: UInt8) -> Bool {
    switch byte {
    case ...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: "="):
      true
    default: false
    }
  }
}
