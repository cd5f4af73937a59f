// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A system call that failed: errno and what was tried.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  package let code: Int32
  package let operation: String

  package init(code: Int32, operation: String) {
    self.code = code
    self.operation = operation
  }

  /// The error that the last call in this thread left in errno.
  package static func last(_ operation: String) -> SystemError {
    SystemError(code: errno, operation: operation)
  }

  package var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
