// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A checksum fed in two pieces equals the checksum of the whole, wherever the cut is.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  var whole = CRC32C()
  whole.update(bytes)
  let cut = bytes.first.map { Int($0) % bytes.count } ?? 0
  var parts = CRC32C()
  parts.update(Array(bytes[..<cut]))
  parts.update(Array(bytes[cut...]))
  precondition(parts == whole)
  return 0
}
