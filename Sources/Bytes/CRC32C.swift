// SPDX-License-Identifier: Apache-2.0
import CBytes

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) over any number of pieces.
package struct CRC32C: Equatable, Sendable {
  package private(set) var value: UInt32 = 0

  package init() {}

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    value = cbytes_crc32c(value, bytes.baseAddress, bytes.count)
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }
}
