// SPDX-License-Identifier: Apache-2.0

/// The content of a file, to look at as long as this lives. The file may lose its name meanwhile, but must not become shorter.
package final class FileView: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let release: @Sendable () -> Void

  package init(_ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
    self.bytes = bytes
    self.release = release
  }

  deinit { release() }
}
