// SPDX-License-Identifier: Apache-2.0
import CWeir

typealias DoneFunction = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<weir_ctx>?, UnsafePointer<weir_result>?) -> Void
typealias OffloadFunction = @convention(c) (UnsafeMutableRawPointer?) -> Void

extension weir_str {
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? weir_str.emptyText, len: bytes.count)
  }

  /// Never NULL, so that a plugin may hand it to memcmp and the like.
  private static var emptyText: UnsafePointer<CChar>? {
    let text: StaticString = ""
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  static var empty: weir_str { weir_str(UnsafeRawBufferPointer(start: nil, count: 0)) }

  /// A copy of at most `limit` bytes; nil when there are more, or no pointer to any.
  func copied(limit: Int) -> [UInt8]? {
    if len == 0 { return [] }
    guard let ptr, len <= limit else { return nil }
    return Array(UnsafeRawBufferPointer(start: ptr, count: len))
  }

  func text(limit: Int) -> String? { copied(limit: limit).map { String(decoding: $0, as: UTF8.self) } }
}

enum Status {
  static let ok = Int32(WEIR_OK)
  static let notFound = Int32(WEIR_E_NOTFOUND)
  static let temporary = Int32(WEIR_E_TEMP)
  static let cancelled = Int32(WEIR_E_CANCELLED)
  static let stale = Int32(WEIR_E_STALE)
  static let denied = Int32(WEIR_E_DENIED)
  static let invalid = Int32(WEIR_E_INVALID)
  static let unsupported = Int32(WEIR_E_UNSUPPORTED)
}
