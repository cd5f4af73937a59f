// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// Accepts SMTP connections on one event loop from one listening socket and serves a session on each. On the loop's thread.
package final class SessionServer {
  private let loop: EventLoop
  private let services: Services
  private let maximumSessions: Int
  private var listener: Listener?
  private var sessions: [ObjectIdentifier: Session<SocketStream>] = [:]
  private var isStopping = false
  private var isFull = false

  package init(on loop: EventLoop, services: Services, maximumSessions: Int) {
    self.loop = loop
    self.services = services
    self.maximumSessions = max(1, maximumSessions)
  }

  package func listen(on descriptor: Int32) throws(SystemError) {
    listener = try Listener(descriptor, on: loop) { [unowned self] connection, peer in
      accepted(connection, peer)
    } failed: { [services] error in
      services.log.warning("smtpd", "\(error); trying again in a moment")
    }
  }

  /// Accepts no more, and asks every session to end; each does when it next waits for its client.
  package func stop() {
    isStopping = true
    listener?.close()
    listener = nil
    for session in sessions.values { session.interrupt() }
  }

  package var sessionCount: Int { sessions.count }

  private func accepted(_ connection: Int32, _ peer: SocketAddress) {
    guard !isStopping, sessions.count < maximumSessions else { return refuse(connection, peer) }
    if let ip = peer.ip, let refusal = services.limits?.arrived(ip, now: loop.now) { return turnAway(connection, peer, refusal) }
    isFull = false
    // Everything stays on this loop; the compiler cannot see that through the task's closure.
    nonisolated(unsafe) let server = self
    loop.spawn { await server.serve(connection, peer) }
  }

  private func serve(_ connection: Int32, _ peer: SocketAddress) async {
    defer { if let ip = peer.ip { services.limits?.left(ip) } }
    let stream: SocketStream
    do {
      stream = try SocketStream(connection, on: loop)
    } catch {
      return services.log.warning("smtpd", "connection from \(peer): \(error)")
    }
    let session = Session(stream, client: await client(peer), services: services)
    let key = ObjectIdentifier(session)
    sessions[key] = session
    if isStopping { session.interrupt() }
    await session.run()
    sessions[key] = nil
  }

  private func client(_ peer: SocketAddress) async -> Client {
    guard let ip = peer.ip else { return Client(address: nil, name: "local") }
    return Client(address: ip, names: Client.Names(await services.names.name(of: ip)), port: peer.port)
  }

  private func turnAway(_ connection: Int32, _ peer: SocketAddress, _ refusal: ClientLimits.Refusal) {
    let (what, status) = refusal == .tooManyConnections ? ("too many connections", "4.7.0") : ("connection rate limit exceeded", "4.7.0")
    DyingWords.send("421 \(status) \(services.context.configuration.myhostname) Error: \(what) from \(peer)\r\n", on: connection)
    closeDescriptor(connection)
    services.log.warning("smtpd", "\(what) from unknown[\(peer)]")
  }

  /// RFC 5321 §3.8: a server that cannot serve says 421. One try: the reply fits into any socket's buffer.
  private func refuse(_ connection: Int32, _ peer: SocketAddress) {
    let reason = isStopping ? "4.3.2 Service shutting down" : "4.7.0 \(services.context.configuration.myhostname) Error: too many connections"
    DyingWords.send("421 \(reason)\r\n", on: connection)
    closeDescriptor(connection)
    if !isFull { services.log.warning("smtpd", "\(maximumSessions) sessions: refusing more, at first from \(peer)") }
    isFull = true
  }
}

extension Client.Names {
  fileprivate init(_ peer: PeerName) {
    let status: Client.NameStatus =
      switch peer.status {
      case .verified: .known
      case .temporaryFailure: .temporaryFailure
      case .notFound: .notFound
      case .forged: .forged
      }
    // A name that the address points to is known as such, even where its own addresses say otherwise.
    self.init(name: peer.name, status: status, reverseName: peer.reverseName, reverseStatus: peer.reverseName == PeerName.unknown ? status : .known)
  }
}
