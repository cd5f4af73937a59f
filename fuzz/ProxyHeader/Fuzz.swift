// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP

/// Any bytes in front of a connection: read in one go or bit by bit, the outcome is the same, and nothing behind the header matters.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let whole = ProxyHeader.parse(bytes)
  var length = 0
  var first = ProxyHeader.Progress.needMore
  while length < count, first == .needMore {
    // Big steps for long inputs.
    length = min(count, length + max(1, count / 64))
    first = ProxyHeader.parse(bytes.slice(0, length))
  }
  switch (whole, first) {
  case (.complete(let header, let size), _):
    precondition(size > 0 && size <= count)
    precondition(first == .complete(header, length: size))
    precondition(ProxyHeader.parse(bytes.slice(0, size)) == whole)
    precondition(ProxyHeader.parse(bytes.slice(0, size - 1)) == .needMore)
  case (.failed, .complete): preconditionFailure("what is complete stays so")
  case (.failed, .failed): break
  case (.failed, .needMore): preconditionFailure("the whole is the last part")
  case (.needMore, _): precondition(first == .needMore)
  }
  return 0
}
