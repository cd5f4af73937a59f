// SPDX-License-Identifier: Apache-2.0

/// What a queue command prints, and its exit status: on standard output for success, else on standard error.
struct QueueAnswer: Sendable {
  let status: Int32
  let bytes: [UInt8]

  init(status: Int32 = ExitStatus.success, bytes: [UInt8]) {
    self.status = status
    self.bytes = bytes
  }

  init(status: Int32 = ExitStatus.success, text: String) { self.init(status: status, bytes: Array(text.utf8)) }
}
