// SPDX-License-Identifier: Apache-2.0

/// RFC 3463 §2: class "." subject "." detail.
package struct EnhancedStatus: Hashable, Sendable, CustomStringConvertible {
  package let `class`: UInt8
  package let subject: UInt16
  package let detail: UInt16

  package init(_ class: UInt8, _ subject: UInt16, _ detail: UInt16) {
    self.class = `class`
    self.subject = subject
    self.detail = detail
  }

  package var description: String { "\(self.class).\(subject).\(detail)" }
}
