// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The only words on a connection that is not going to be served.
package enum DyingWords {
  /// Tries once, without waiting.
  package static func send(_ text: String, on descriptor: Int32) {
    _ = Array(text.utf8).withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, $0.count) }
  }
}
