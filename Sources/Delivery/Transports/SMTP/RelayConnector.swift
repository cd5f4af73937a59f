// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// Opens connections to servers.
struct RelayConnector: Sendable {
  let settings: SMTPClientSettings
  let loop: EventLoop

  /// A session that has not been greeted yet, or why there is none, as the log has it: `connect to host[address]:25: Connection refused`.
  func connect(to host: RelayHost) async -> Result<RelaySession, Failure> {
    do throws(SystemError) {
      let stream = try SocketStream(try open(host), on: loop)
      let limit = settings.times.connect
      if let error = await stream.connected(deadline: limit > .zero ? loop.now + limit : .never) {
        stream.close()
        throw error
      }
      return .success(RelaySession(host, stream, settings))
    } catch {
      return .failure(Failure(text: "connect to \(host.relay): \(error.reason)"))
    }
  }

  struct Failure: Error { let text: String }

  private func open(_ host: RelayHost) throws(SystemError) -> Int32 {
    switch host.place {
    // As in Postfix, from the folder of the queue.
    case .socket(let path): return try ConnectingSocket.open(path: path.hasPrefix("/") ? path : settings.socketFolder + "/" + path)
    case .network(let address):
      let source = address.ip?.family == .v6 ? settings.sources.v6 : settings.sources.v4
      return try ConnectingSocket.open(address, from: source.map { SocketAddress($0, port: 0) })
    }
  }
}
