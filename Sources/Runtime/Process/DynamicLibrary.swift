// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A shared object in this process. It stays until the process ends: what it left behind in threads and tables could not be taken away with it.
package struct DynamicLibrary: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Its symbols are seen by nobody else, and are all there, or it is not loaded.
  package init(path: String) throws(Failure) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else { throw DynamicLibrary.failure() }
    self.handle = handle
  }

  package func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }

  private static func failure() -> Failure { Failure(description: dlerror().map { String(cString: $0) } ?? "dlopen failed") }
}
