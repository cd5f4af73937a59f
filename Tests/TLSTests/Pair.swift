// SPDX-License-Identifier: Apache-2.0
import Glibc

@testable import Runtime

/// Two sessions over a socket pair, driven from one thread: whenever one side can't go on the other one gets its turn.
final class Pair {
  let descriptors: (server: Int32, client: Int32)
  let server: TLSSession
  let client: TLSSession

  init(
    _ context: TLSServerContext, _ clientContext: TLSClientContext, serverName: String? = nil, bufferSize: Int32? = nil
  ) throws {
    signal(SIGPIPE, SIG_IGN)
    var both: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0, &both) == 0 else {
      throw SystemError.last("socketpair")
    }
    if var bufferSize {
      for descriptor in both { setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bufferSize, socklen_t(MemoryLayout<Int32>.size)) }
    }
    descriptors = (both[0], both[1])
    server = try TLSSession(server: context, descriptor: both[0])
    client = try TLSSession(client: clientContext, descriptor: both[1], serverName: serverName)
  }

  deinit {
    close(descriptors.server)
    close(descriptors.client)
  }

  /// Both sides' last word on the handshake.
  func handshake() -> (server: TLSProgress, client: TLSProgress) {
    var (onServer, onClient) = (TLSProgress.wantRead, TLSProgress.wantRead)
    for _ in 0..<200 {
      if !onClient.isFinal { onClient = client.handshake() }
      if !onServer.isFinal { onServer = server.handshake() }
      if onServer.isFinal, onClient.isFinal { break }
    }
    return (onServer, onClient)
  }
}

extension TLSProgress {
  var isFinal: Bool { self != .wantRead && self != .wantWrite }
  var error: TLSError? { if case .failed(let error) = self { error } else { nil } }
}

extension TLSTransfer {
  var error: TLSError? { if case .failed(let error) = self { error } else { nil } }
}

extension TLSSession {
  func write(_ text: String) -> TLSTransfer {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  /// One read of at most `limit` bytes.
  func read(limit: Int = 65_536) -> (TLSTransfer, [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: limit)
    let result = bytes.withUnsafeMutableBytes { read(into: $0) }
    guard case .bytes(let count) = result else { return (result, []) }
    return (result, Array(bytes.prefix(count)))
  }

  func readText() -> String { String(decoding: read().1, as: UTF8.self) }
}
