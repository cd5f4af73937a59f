// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

/// Why a TLS session ended, or could not begin.
package enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The peer closed the connection without a close_notify (RFC 8446 §6.1): what was read may be cut short.
  case connectionLost
  case system(SystemError)
  /// OpenSSL's words, as in Postfix's "TLS library problem" lines.
  case library(String)
  /// The peer's certificate is not trusted, or is not for the name asked for.
  case unverified(String)

  package var description: String {
    switch self {
    case .connectionLost: "lost connection"
    case .system(let error): error.description
    case .library(let text): text
    case .unverified(let reason): "certificate verification failed: \(reason)"
    }
  }
}

/// A certificate, key or authority file, or a TLS setting, that cannot be used.
package struct TLSConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, or the setting's value.
  package let subject: String
  package let reason: String

  package init(_ subject: String, _ reason: String) {
    self.subject = subject
    self.reason = reason
  }

  /// Whether another user might have been able to read the file.
  package var isPermissionDenied: Bool { reason == String(cString: strerror(EACCES)) }

  package var description: String { "\(subject): \(reason)" }
}

/// OpenSSL's queue of errors, one per thread. Each call is preceded by `clear`, so that no stale entry is taken for its result.
enum OpenSSLErrors {
  static func clear() { ERR_clear_error() }

  /// The first error with its number, as OpenSSL's tools print it; empties the queue.
  static func takeDescription() -> String {
    let code = ERR_get_error()
    defer { ERR_clear_error() }
    guard code != 0 else { return "unknown error" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      guard let start = text.baseAddress else { return "" }
      ERR_error_string_n(code, start, text.count)
      return String(cString: start)
    }
  }

  /// The words of the first error alone; empties the queue.
  static func takeReason() -> String {
    let code = ERR_get_error()
    defer { ERR_clear_error() }
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "unknown error" }
    return String(cString: reason)
  }
}
