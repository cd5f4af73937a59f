// SPDX-License-Identifier: Apache-2.0

/// One event about a command, with bytes of its own: the call may be made on another thread, or in another process.
package struct StageCall: Equatable, Sendable {
  package struct Parameter: Equatable, Sendable {
    package let key: String
    package let value: [UInt8]

    package init(_ key: String, _ value: [UInt8]) {
      self.key = key
      self.value = value
    }
  }

  package var event: StageEvent
  package var name: [UInt8] = []
  package var value: [UInt8] = []
  package var parameters: [Parameter] = []
  package var reference: UInt64 = 0
  package var flags: UInt32 = 0

  package init(_ event: StageEvent, name: String = "", value: String = "") {
    self.event = event
    self.name = Array(name.utf8)
    self.value = Array(value.utf8)
  }
}
