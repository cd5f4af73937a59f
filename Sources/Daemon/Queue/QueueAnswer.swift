// SPDX-License-Identifier: Apache-2.0

/// What a queue command prints, and its exit status: on standard output for success, else on standard error.
struct QueueAnswer: Sendable {
  let status: Int32
  let bytes: [UInt8]
  /// The request that brings the rest of a long answer.
  let next: String?

  init(status: Int32 = ExitStatus.success, bytes: [UInt8], next: String? = nil) {
    self.status = status
    self.bytes = bytes
    self.next = next
  }

  init(status: Int32 = ExitStatus.success, text: String, next: String? = nil) {
    self.init(status: status, bytes: Array(text.utf8), next: next)
  }

  /// As it goes over the control socket: a line with the status and what comes next, then what to print.
  var encoded: [UInt8] { Array("\(status) \(next ?? "")\n".utf8) + bytes }

  /// Nil when `encoded` would not have written it.
  init?(_ encoded: [UInt8]) {
    guard let newline = encoded.firstIndex(of: 0x0a) else { return nil }
    let head = String(decoding: encoded[..<newline], as: UTF8.self).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = head.first, let status = Int32(first) else { return nil }
    let next = head.dropFirst().first.map(String.init)
    self.init(status: status, bytes: Array(encoded[(newline + 1)...]), next: next?.isEmpty == false ? next : nil)
  }
}
