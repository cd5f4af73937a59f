// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue

/// Writes events as records. A record:
///
///     length of what follows   4 bytes
///     time                     8, microseconds since 1970
///     queue id                 8, 0 for none
///     session                  4
///     syslog name              2, a number that the log gave it
///     severity, kind           1 each
///     service                  1 for its length, and the name
///     fields                   1 for which, 4 for the length, and the value; numbers are 8 bytes
///
/// in the byte order of the machine: no record leaves the process.
package enum EventRecord {
  static let headLength = 24

  package static func append(_ event: borrowing Event, time: Int64, name: UInt16, to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(raw: UInt32(0))
    bytes.append(raw: time)
    bytes.append(raw: event.queueID?.rawValue ?? 0)
    bytes.append(raw: event.session)
    bytes.append(raw: name)
    bytes.append(event.severity.rawValue)
    bytes.append(event.kind.name.rawValue)
    event.service.name.withUTF8Buffer { name in
      bytes.append(UInt8(clamping: name.count))
      bytes.append(contentsOf: name.prefix(255))
    }
    event.kind.append(to: &bytes)
    let length = UInt32(clamping: bytes.count - start - 4)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: UInt32.self) }
  }

  /// A copy of a record. `change` answers what is to stand in a field's place; nil leaves it.
  package static func append(
    _ event: RecordedEvent, to bytes: inout [UInt8], changing change: (Field, UnsafeRawBufferPointer) -> [UInt8]? = { _, _ in nil }
  ) {
    let start = bytes.count
    bytes.append(raw: UInt32(0))
    bytes.append(raw: event.time)
    bytes.append(raw: event.queueID?.rawValue ?? 0)
    bytes.append(raw: event.session)
    bytes.append(raw: UInt16(clamping: event.name))
    bytes.append(event.severity.rawValue)
    bytes.append(event.kind.rawValue)
    bytes.append(UInt8(clamping: event.service.count))
    bytes.append(contentsOf: event.service)
    event.forEach { field, value in
      bytes.append(field.rawValue)
      let changed = change(field, value)
      bytes.append(raw: UInt32(clamping: changed?.count ?? value.count))
      if let changed { bytes += changed } else { bytes.append(contentsOf: value) }
    }
    let length = UInt32(clamping: bytes.count - start - 4)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: UInt32.self) }
  }
}

extension Kind {
  fileprivate borrowing func append(to bytes: inout [UInt8]) {
    switch self {
    case .text(let text): bytes.append(.text, text)
    case .connect(let peer): bytes.append(peer)
    case .disconnect(let peer, let commands):
      bytes.append(peer)
      bytes.append(.commands, commands)
    case .client(let peer, let submission):
      bytes.append(peer)
      submission.append(to: &bytes)
    case .verdict(let verdict, let peer):
      bytes.append(peer)
      verdict.append(to: &bytes)
    case .messageID(let id, let isResent):
      bytes.append(.messageID, id)
      if isResent { bytes.append(.isResent, 1) }
    case .active(let sender, let size, let recipients):
      bytes.append(.sender, sender)
      bytes.append(.size, Int64(clamping: size))
      bytes.append(.recipientCount, Int64(clamping: recipients))
    case .delivery(let facts): facts.append(to: &bytes)
    case .expired(let sender): bytes.append(.sender, sender)
    case .removed: break
    case .step(let step): step.append(to: &bytes)
    case .passed(let stages): bytes.append(.stages, stages)
    case .arrived(let arrival): arrival.append(to: &bytes)
    case .answer(let reply, let place, let code):
      bytes.append(.reply, reply)
      bytes.append(.place, place)
      bytes.append(unlessEmpty: .code, code)
    case .notice(let words, let report):
      bytes.append(.notice, words)
      bytes.append(.report, report)
    }
  }
}

extension Submission {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(unlessEmpty: .saslMethod, saslMethod)
    bytes.append(unlessEmpty: .saslUsername, saslUsername)
    bytes.append(unlessEmpty: .saslSender, saslSender)
    bytes.append(unlessEmpty: .originalQueueID, originalQueueID)
    bytes.append(unlessEmpty: .originalClient, originalClient)
  }
}

extension VerdictFacts {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(.action, action)
    bytes.append(.place, place)
    bytes.append(.reply, reply)
    if let sender { bytes.append(.sender, sender) }
    if let recipient { bytes.append(.recipient, recipient) }
    bytes.append(.protocolName, protocolName)
    bytes.append(unlessEmpty: .helo, helo)
  }
}

extension DeliveryFacts {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(.recipient, recipient)
    // As Postfix, who says nothing of capitals.
    if !original.isEmpty, original != recipient, original.lowercased() != recipient.lowercased() { bytes.append(.originalRecipient, original) }
    bytes.append(.relay, relay)
    if connectionUse > 1 { bytes.append(.connectionUse, Int64(clamping: connectionUse)) }
    bytes.append(.delayBefore, delays.before)
    bytes.append(.delayQueue, delays.queue)
    bytes.append(.delayConnection, delays.connection)
    bytes.append(.delayTransmission, delays.transmission)
    bytes.append(.dsn, dsn)
    bytes.append(.status, status)
    bytes.append(.reason, reason)
  }
}

extension StepFacts {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(.stageName, stage)
    bytes.append(.place, place)
    bytes.append(.action, verdict)
    bytes.append(unlessEmpty: .rule, rule)
    bytes.append(unlessEmpty: .matched, matched)
    bytes.append(unlessEmpty: .reply, reply)
    bytes.append(unlessEmpty: .edits, edits)
    bytes.append(unlessEmpty: .reason, reason)
    if let duration { bytes.append(.duration, duration) }
    if isShadow { bytes.append(.isShadow, 1) }
  }
}

extension EnvelopeFacts {
  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(.sender, sender)
    bytes.append(.recipient, recipients)
    bytes.append(unlessEmpty: .subject, subject)
    bytes.append(.protocolName, protocolName)
    bytes.append(unlessEmpty: .helo, helo)
  }
}

extension [UInt8] {
  fileprivate mutating func append(raw value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
  }

  fileprivate mutating func append(_ field: Field, _ text: String) {
    append(field.rawValue)
    append(raw: UInt32(clamping: text.utf8.count))
    append(contentsOf: text.utf8)
  }

  fileprivate mutating func append(unlessEmpty field: Field, _ text: String) {
    if !text.isEmpty { append(field, text) }
  }

  fileprivate mutating func append(_ field: Field, _ number: Int64) {
    append(field.rawValue)
    append(raw: 8 as UInt32)
    append(raw: number)
  }

  fileprivate mutating func append(_ peer: Peer) {
    append(.clientName, peer.name)
    if peer.isLocal { append(.isLocal, 1) }
    if peer.showsPort { append(.showsPort, 1) }
    if peer.port > 0 { append(.clientPort, Int64(peer.port)) }
    guard let address = peer.address else { return }
    append(Field.clientAddress.rawValue)
    append(raw: 17 as UInt32)
    append(address.family == .v4 ? 4 : 6)
    append(raw: address.high)
    append(raw: address.low)
  }
}
