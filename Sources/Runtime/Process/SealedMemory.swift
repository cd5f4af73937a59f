// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Bytes in a file without a name that nobody can change any more: to hand to another process.
package enum SealedMemory {
  package static func make(_ name: String, _ bytes: [UInt8]) throws(SystemError) -> Int32 {
    let descriptor = try open(name)
    Terminal.write(bytes, to: descriptor)
    let result = clinux_memory_seal(descriptor, bytes.count)
    if result < 0 { closeDescriptor(descriptor) }
    _ = try SystemError.check(result, "seal memory")
    return descriptor
  }

  /// The two pieces, one after the other.
  package static func make(_ name: StaticString, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(SystemError) -> Int32 {
    let result = name.withUTF8Buffer { name in
      clinux_memory_of(
        UnsafeRawPointer(name.baseAddress)?.assumingMemoryBound(to: CChar.self), first.baseAddress, first.count, second.baseAddress, second.count)
    }
    return try SystemError.check(result, "memfd_create")
  }

  /// Empty, and not sealed yet.
  package static func open(_ name: String) throws(SystemError) -> Int32 {
    try SystemError.check(clinux_memory_file(name), "memfd_create")
  }

  /// All of it, wherever the descriptor's position is.
  package static func read(_ descriptor: Int32) throws(SystemError) -> [UInt8] {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw .last("lseek") }
    var bytes = [UInt8](repeating: 0, count: size)
    var offset = 0
    while offset < size {
      let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress?.advanced(by: offset), size - offset, offset) }
      guard count > 0 else { throw .last("pread") }
      offset += count
    }
    return bytes
  }
}
