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

  /// The result of a shim, which answers -errno on failure.
  package static func check(_ result: Int32, _ operation: String) throws(SystemError) -> Int32 {
    guard result < 0 else { return result }
    throw SystemError(code: -result, operation: operation)
  }

  package var isAddressInUse: Bool { code == EADDRINUSE }
  package var isPermissionDenied: Bool { code == EACCES || code == EPERM }

  /// In the system's words, as in `Connection refused`.
  package var reason: String { String(cString: strerror(code)) }

  package var description: String { "\(operation): \(reason)" }
}

/// Closes a descriptor; on Linux it is gone whatever close answers.
package func closeDescriptor(_ descriptor: Int32) {
  if descriptor >= 0 { _ = close(descriptor) }
}
