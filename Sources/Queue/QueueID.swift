// SPDX-License-Identifier: Apache-2.0

/// The name of a message in the spool, for ever: never used again, in order of acceptance.
///
/// Written with Postfix's alphabet for long queue ids (no vowels), so that log analysers recognise it.
package struct QueueID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: QueueID, right: QueueID) -> Bool { left.rawValue < right.rawValue }
}
