// SPDX-License-Identifier: Apache-2.0

extension RecordWriter {
  mutating func put(_ state: RecipientState) {
    switch state {
    case .waiting: put(UInt8(0))
    case .delivered(let delivered):
      put(UInt8(1))
      put(delivered)
    case .stable: put(UInt8(2))
    case .relayed: put(UInt8(3))
    case .deferred(let deferral):
      put(UInt8(4))
      put(deferral.until)
      put(deferral.reason)
    case .failed(let reason):
      put(UInt8(5))
      put(reason)
    case .held(let reason):
      put(UInt8(6))
      put(reason)
    }
  }

  private mutating func put(_ delivered: Delivered) {
    put(delivered.path)
    put(delivered.name)
    put(delivered.length)
    put(delivered.crc)
    put(delivered.boot.high)
    put(delivered.boot.low)
  }

  private mutating func put(_ reason: Reason) {
    put(reason.status)
    put(reason.text)
  }

  mutating func put(_ states: [RecipientState]) {
    put(UInt32(truncatingIfNeeded: states.count))
    for state in states { put(state) }
  }
}

extension ByteCursor {
  mutating func state() -> RecipientState? {
    switch integer(UInt8.self) {
    case 0: .waiting
    case 1: delivered().map { .delivered($0) }
    case 2: .stable
    case 3: .relayed
    case 4: deferral().map { .deferred($0) }
    case 5: reason().map { .failed($0) }
    case 6: reason().map { .held($0) }
    default: nil
    }
  }

  private mutating func delivered() -> Delivered? {
    guard let path = string(), let name = string(), let length = integer(Int64.self), let crc = integer(UInt32.self),
      let high = integer(UInt64.self), let low = integer(UInt64.self)
    else { return nil }
    return Delivered(path: path, name: name, length: length, crc: crc, boot: Boot(high: high, low: low))
  }

  private mutating func deferral() -> Deferral? {
    guard let until = integer(Int64.self), let reason = reason() else { return nil }
    return Deferral(until: until, reason: reason)
  }

  private mutating func reason() -> Reason? {
    guard let status = string(), let text = string() else { return nil }
    return Reason(status: status, text: text)
  }

  /// Passes over the states; nearly always there are none yet.
  mutating func skipStates() -> Bool {
    guard let count = integer(UInt32.self), count <= left else { return false }
    for _ in 0..<count where state() == nil { return false }
    return true
  }

  mutating func states() -> [RecipientState]? {
    guard let count = integer(UInt32.self), count <= left else { return nil }
    var states: [RecipientState] = []
    for _ in 0..<count {
      guard let state = state() else { return nil }
      states.append(state)
    }
    return states
  }
}
