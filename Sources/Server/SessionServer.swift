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
  /// Connections that have no session yet.
  private var newcomers: [ObjectIdentifier: SocketStream] = [:]
  private var isStopping = false
  private var isFull = false
  private var pressure: Pressure
  private var connections = 0

  package init(on loop: EventLoop, services: Services, maximumSessions: Int) {
    self.loop = loop
    self.services = services
    self.maximumSessions = max(1, maximumSessions)
    pressure = Pressure(maximum: max(1, maximumSessions))
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
    for stream in newcomers.values { stream.interrupt() }
  }

  /// Accepts no more but those that wait already. The sessions go on.
  package func drain() {
    listener?.drain()
    listener = nil
  }

  /// Takes those that wait, if nobody was told of them.
  package func look() { listener?.look() }

  package var sessionCount: Int { sessions.count }
  /// Those accepted and not yet closed.
  package var connectionCount: Int { connections }

  private func accepted(_ connection: Int32, _ peer: SocketAddress) {
    guard !isStopping, connections < maximumSessions else { return refuse(connection, peer) }
    isFull = false
    connections += 1
    notePressure()
    let client = newcomer(peer, connection)
    // Who stands behind a proxy is counted, not the proxy.
    if services.proxies != nil { return spawn(connection, client) }
    // The limits come before the look-up of the name, so a client that floods costs little.
    guard let refusal = arrived(client) else { return spawn(connection, client) }
    services.limits?.left(client)
    connections -= 1
    turnAway(connection, client, refusal)
  }

  /// What holds for a session that begins now.
  private var current: Services { pressure.isHigh ? services.underStress ?? services : services }

  private func notePressure() {
    guard pressure.changes(connections), services.underStress != nil else { return }
    if pressure.isHigh {
      services.log.warning("smtpd", "\(connections) of \(maximumSessions) sessions: new ones are served as under stress")
    } else {
      services.log.info("smtpd", "\(connections) of \(maximumSessions) sessions: the stress is over")
    }
  }

  private func spawn(_ connection: Int32, _ client: Client) {
    // Everything stays on this loop; the compiler cannot see that through the task's closure.
    nonisolated(unsafe) let server = self
    loop.spawn { await server.serve(connection, client) }
  }

  /// Who may speak for others is not counted.
  private func isCounted(_ client: Client) -> Bool { !services.context.configuration.edge.authorizedXclientHosts.contains(client) }

  private func arrived(_ client: Client) -> ClientLimits.Refusal? {
    isCounted(client) ? services.limits?.arrived(client) : nil
  }

  private func serve(_ connection: Int32, _ peer: Client) async {
    defer {
      connections -= 1
      notePressure()
    }
    let stream: SocketStream
    do {
      stream = try SocketStream(connection, on: loop)
    } catch {
      if isCounted(peer), services.proxies == nil { services.limits?.left(peer) }
      return services.log.warning("smtpd", "connection from \(peer.addressText): \(error)")
    }
    guard let client = await introduced(peer, on: stream) else { return stream.close() }
    guard await isScreened(client, on: stream) else {
      if isCounted(client) { services.limits?.left(client) }
      return stream.close()
    }
    guard let client = await admitted(client, on: stream) else {
      if isCounted(client) { services.limits?.left(client) }
      return stream.close()
    }
    let session = Session(stream, client: client, services: current, counted: isCounted(client) ? client : nil)
    let key = ObjectIdentifier(session)
    sessions[key] = session
    if isStopping { session.interrupt() }
    await session.run()
    sessions[key] = nil
  }

  private func newcomer(_ peer: SocketAddress, _ connection: Int32) -> Client {
    let logsPort = services.habits.logsClientPort
    if services.submitters != nil {
      return Client(submitter: Client.Submitter(uid: PeerCredentials.uid(connection) ?? .max, name: ""))
    }
    guard let ip = peer.ip else { return Client(address: nil, names: Client.Names("local"), isLocal: true, logsPort: logsPort) }
    return Client(
      address: ip, names: Client.Names(Client.unknown), port: peer.port, destination: services.screen == nil ? nil : destination(of: connection),
      logsPort: logsPort)
  }

  /// Whom a proxy speaks for; nil if the connection is to be closed.
  @inline(never) private func introduced(_ peer: Client, on stream: SocketStream) async -> Client? {
    guard let proxies = services.proxies else { return peer }
    begin(stream)
    defer { newcomers[ObjectIdentifier(stream)] = nil }
    switch await proxies.client(of: peer, on: stream) {
    case .failure(let failure):
      services.log.warning("smtpd", "proxy \(peer.addressText): \(failure.text)")
      return nil
    case .success(let client):
      guard let refusal = arrived(client) else { return client }
      services.limits?.left(client)
      await turnAway(stream, client, refusal)
      return nil
    }
  }

  private func destination(of connection: Int32) -> Client.Endpoint? {
    guard let local = try? ListeningSocket.address(of: connection), let ip = local.ip else { return nil }
    return Client.Endpoint(ip, port: local.port)
  }

  /// Whether the client has passed the tests that come before a session.
  @inline(never) private func isScreened(_ client: Client, on stream: SocketStream) async -> Bool {
    guard let screen = services.screen, let address = client.address else { return true }
    begin(stream)
    defer { newcomers[ObjectIdentifier(stream)] = nil }
    let services = current
    let ground = Screening<SocketStream>.Ground(
      stream: stream, log: services.log, tls: services.isImplicitTLS ? nil : services.tls?(),
      startTLSTimeout: .seconds(services.pace.startTLSTimeout), spawn: { [loop] in loop.spawn($0) })
    var screening = Screening(services.screen ?? screen, on: ground, client: client, address: address)
    return await screening.admits()
  }

  /// Until it has a session, a connection is ended through this.
  private func begin(_ stream: SocketStream) {
    newcomers[ObjectIdentifier(stream)] = stream
    if isStopping { stream.interrupt() }
  }

  @inline(never) private func named(_ client: Client) async -> Client {
    guard let ip = client.address else { return client }
    return client.named(Client.Names(await services.names.name(of: ip)))
  }

  /// The client with its names; nil if it is a user who may not hand in mail, and has been told so.
  @inline(never) private func admitted(_ client: Client, on stream: SocketStream) async -> Client? {
    guard let submitters = services.submitters, let uid = client.submitter?.uid else { return await named(client) }
    let name = await submitters.name(of: uid)
    if submitters.mayHandIn(name) { return Client(submitter: Client.Submitter(uid: uid, name: name)) }
    services.log.warning("pickup", "user \(name)(\(uid)) is not allowed to submit mail")
    await say("554 5.7.1 User \(name)(\(uid)) is not allowed to submit mail\r\n", on: stream)
    return nil
  }

  private func say(_ text: String, on stream: SocketStream) async {
    var words = ByteBuffer()
    words.append(Array(text.utf8))
    _ = await stream.write(&words, deadline: stream.now + .seconds(1))
  }

  private func turnAway(_ stream: SocketStream, _ client: Client, _ refusal: ClientLimits.Refusal) async {
    await say(refusalText(client), on: stream)
    services.log.warning("smtpd", refusal.warning(client.description, service: services.context.configuration.edge.serviceName))
  }

  private func refusalText(_ client: Client) -> String {
    "421 4.7.0 \(services.context.configuration.myhostname) Error: too many connections from \(client.addressText)\r\n"
  }

  private func turnAway(_ connection: Int32, _ client: Client, _ refusal: ClientLimits.Refusal) {
    DyingWords.send(refusalText(client), on: connection)
    closeDescriptor(connection)
    services.log.warning("smtpd", refusal.warning(client.description, service: services.context.configuration.edge.serviceName))
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
  package init(_ peer: PeerName) {
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
