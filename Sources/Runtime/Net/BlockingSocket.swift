// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A connection for commands, which may wait: one request, one answer.
package struct BlockingSocket: ~Copyable {
  private let descriptor: Int32

  package init(path: String) throws(SystemError) {
    descriptor = try SystemError.check(clinux_connect_unix(path), "connect to \(path)")
    _ = fcntl(descriptor, F_SETFL, 0)
  }

  deinit { closeDescriptor(descriptor) }

  package func send(_ bytes: [UInt8]) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, UnsafeRawBufferPointer(rebasing: $0[offset...]).baseAddress, $0.count - offset) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError.last("write") }
      offset += count
    }
    _ = clinux_shutdown_write(descriptor)
  }

  /// Hands over what comes until the other side closes.
  package func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count == 0 { return }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError.last("read") }
      body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
