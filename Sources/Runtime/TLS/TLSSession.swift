// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

/// How far a handshake or a shutdown has come.
package enum TLSProgress: Equatable, Sendable {
  case done
  /// Call again when the descriptor is readable.
  case wantRead
  /// Call again when the descriptor is writable.
  case wantWrite
  case failed(TLSError)
}

/// What a read or a write came to.
package enum TLSTransfer: Equatable, Sendable {
  case bytes(Int)
  case wantRead
  case wantWrite
  /// The peer said close_notify; what came before it is complete.
  case closed
  case failed(TLSError)
}

/// TLS over a non-blocking stream socket, whose descriptor stays the caller's: close it after the session is gone.
///
/// One call at a time. All calls come from the loop that owns the socket, except that `handshake()` may run on a pool thread while the
/// loop leaves the session alone; do that when the context's `handshakeIsExpensive`. The process must ignore SIGPIPE.
///
/// With edge-triggered readiness read until `.wantRead`: records may wait inside, where epoll does not see them (`hasPending`).
package final class TLSSession: @unchecked Sendable {
  let ssl: OpaquePointer
  /// Kept alive for the callbacks that OpenSSL makes into it.
  private let context: AnyObject
  let contextPointer: OpaquePointer
  let isServer: Bool
  let verifies: Bool
  /// Nil on the connecting side.
  let fingerprintDigest: String?
  /// Nil on the accepting side, and where the handshake itself insists.
  let expectation: TLSExpectation?
  var resumed: TLSSessionCache.Kept?
  /// The server's certificate, once it is what was expected.
  var goodPeer: TLSFacts.PeerCertificate?
  private var isBroken = false

  /// The side that accepts.
  package init(server context: TLSServerContext, descriptor: Int32) throws(TLSError) {
    self.context = context
    contextPointer = context.handle.pointer
    isServer = true
    verifies = context.asksClientCertificate
    fingerprintDigest = context.fingerprintDigest
    expectation = nil
    ssl = try Self.makeSession(context.handle, descriptor)
    SSL_set_accept_state(ssl)
  }

  /// The side that connects. `serverName` is sent as SNI and, when the context verifies, must be in the server's certificate; it may be an
  /// address literal without brackets, which is only checked (RFC 6066 §3 forbids to send it).
  package init(client context: TLSClientContext, descriptor: Int32, serverName: String?) throws(TLSError) {
    self.context = context
    contextPointer = context.handle.pointer
    isServer = false
    verifies = context.verification != .none
    fingerprintDigest = nil
    expectation = nil
    ssl = try Self.makeSession(context.handle, descriptor)
    SSL_set_connect_state(ssl)
    try name(serverName)
  }

  /// The side that connects, to a server that is judged once the handshake is over: see `facts`.
  package init(client context: TLSClientContext, descriptor: Int32, _ expectation: TLSExpectation) throws(TLSError) {
    self.context = context
    contextPointer = context.handle.pointer
    isServer = false
    verifies = false
    fingerprintDigest = nil
    self.expectation = expectation
    ssl = try Self.makeSession(context.handle, descriptor)
    SSL_set_connect_state(ssl)
    try prepare(expectation)
  }

  deinit { SSL_free(ssl) }

  private static func makeSession(_ handle: ContextHandle, _ descriptor: Int32) throws(TLSError) -> OpaquePointer {
    OpenSSLErrors.clear()
    guard let ssl = SSL_new(handle.pointer) else { throw .library(OpenSSLErrors.takeDescription()) }
    guard SSL_set_fd(ssl, descriptor) == 1 else {
      SSL_free(ssl)
      throw .library(OpenSSLErrors.takeDescription())
    }
    return ssl
  }

  private func name(_ serverName: String?) throws(TLSError) {
    guard let serverName else { return }
    OpenSSLErrors.clear()
    let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName) == 1
    OpenSSLErrors.clear()
    if isAddress { return }
    guard SSL_set1_host(ssl, serverName) == 1, copenssl_set_server_name(ssl, serverName) == 1 else {
      throw .library(OpenSSLErrors.takeDescription())
    }
  }

  /// Goes on with the handshake. After `.done` the `facts` are known.
  package func handshake() -> TLSProgress {
    OpenSSLErrors.clear()
    return progress(SSL_do_handshake(ssl))
  }

  /// Reads decrypted bytes. `.failed(.connectionLost)` instead of `.closed` means that the end was cut off.
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSTransfer {
    guard !buffer.isEmpty else { return .bytes(0) }
    OpenSSLErrors.clear()
    var count = 0
    let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    return result == 1 ? .bytes(count) : stopped(result)
  }

  /// Writes and says how much of `bytes` it took: at least one byte, often just a record of 16 KiB. After `.wantWrite` call again with bytes
  /// that begin with all the same ones, which may be in part on their way; they may have moved, and more may follow them.
  package func write(_ bytes: UnsafeRawBufferPointer) -> TLSTransfer {
    guard !bytes.isEmpty else { return .bytes(0) }
    OpenSSLErrors.clear()
    var count = 0
    let result = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
    return result == 1 ? .bytes(count) : stopped(result)
  }

  /// Decrypted bytes that the next `read` gives without touching the socket.
  package var pending: Int { Int(SSL_pending(ssl)) }

  /// Whether a `read` would have to wait.
  var hasNothingToRead: Bool {
    OpenSSLErrors.clear()
    var byte: UInt8 = 0
    var count = 0
    let result = SSL_peek_ex(ssl, &byte, 1, &count)
    return result != 1 && stopped(result) == .wantRead
  }

  /// Whether anything read from the socket, decrypted or not, waits inside.
  package var hasPending: Bool { SSL_has_pending(ssl) == 1 }

  /// Sends close_notify and does not wait for the peer's. Does nothing after a failure, where RFC 8446 §6.2 forbids it.
  @discardableResult
  package func shutdown() -> TLSProgress {
    guard !isBroken, SSL_in_init(ssl) == 0 else { return .done }
    OpenSSLErrors.clear()
    keepSession()
    let result = SSL_shutdown(ssl)
    return result >= 0 ? .done : progress(result)
  }

  private func progress(_ result: Int32) -> TLSProgress {
    if result == 1 { return .done }
    return switch stopped(result) {
    case .wantRead: .wantRead
    case .wantWrite: .wantWrite
    case .failed(let error): .failed(error)
    case .closed, .bytes: .failed(.connectionLost)
    }
  }

  private func stopped(_ result: Int32) -> TLSTransfer {
    let code = errno
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantRead
    case SSL_ERROR_WANT_WRITE: return .wantWrite
    case SSL_ERROR_ZERO_RETURN: return .closed
    case SSL_ERROR_SYSCALL: return fail(systemError(code))
    default: return fail(libraryError())
    }
  }

  private func fail(_ error: TLSError) -> TLSTransfer {
    isBroken = true
    OpenSSLErrors.clear()
    return .failed(error)
  }

  private func systemError(_ code: Int32) -> TLSError {
    switch code {
    case 0: .connectionLost
    case EBADF: .library("too many key updates")
    default: .system(SystemError(code: code, operation: "TLS"))
    }
  }

  private func libraryError() -> TLSError {
    switch ERR_GET_REASON(ERR_peek_error()) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: .connectionLost
    case SSL_R_CERTIFICATE_VERIFY_FAILED where verifies: .unverified(verifyReason)
    default: .library(OpenSSLErrors.takeDescription())
    }
  }

  private var verifyReason: String {
    guard let text = X509_verify_cert_error_string(SSL_get_verify_result(ssl)) else { return "unknown" }
    return String(cString: text)
  }
}
