// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings

/// Opens every socket that the configuration asks for, or none.
///
/// Where the service manager has opened sockets, those stand in for the ones that the configuration gives the listener: a socket belongs to the
/// listener that has its name (FileDescriptorName=), else to the one on its port or path. In a reload, what is open already is kept: nobody who waits
/// there is lost.
struct ListeningSockets {
  struct Opened {
    let listener: String
    let descriptor: Int32
    /// The address and port, or path, it is bound to.
    let text: String
    fileprivate let origin: Origin
  }

  /// What was asked for when a socket was opened.
  fileprivate enum Origin: Equatable {
    case inherited
    case inet(SocketAddress)
    case unix(String)
  }

  private let setup: Setup
  /// Of the host names that listeners are bound to.
  private let addresses: [String: [IPAddress]]
  private var opened: [Opened] = []
  private var spare: [Opened]

  /// `open` are those of the generation before.
  static func open(_ setup: Setup, hosts: [String: [String]], inherited: [InheritedSocket], open: [Opened] = []) throws -> [Opened] {
    var sockets = ListeningSockets(setup, hosts, open)
    do {
      try sockets.openAll(inherited)
    } catch {
      for socket in missing(sockets.opened, in: open) { close(socket) }
      throw error
    }
    return sockets.opened
  }

  /// Those of `sockets` that are not among `others`.
  static func missing(_ sockets: [Opened], in others: [Opened]) -> [Opened] {
    let kept = Set(others.map(\.descriptor))
    return sockets.filter { !kept.contains($0.descriptor) }
  }

  /// A socket of the service manager stays its own.
  static func close(_ socket: Opened) {
    if case .unix(let path) = socket.origin { try? LinuxDisk().unlink(path, at: nil) }
    if socket.origin != .inherited { closeDescriptor(socket.descriptor) }
  }

  /// Looks up the host names that listeners are bound to.
  static func hosts(_ setup: Setup) -> [String: [String]] {
    var hosts: [String: [String]] = [:]
    for case .host(let host, _) in setup.configuration.listeners.flatMap(\.sockets) where hosts[host] == nil {
      hosts[host] = SystemNames.addresses(of: host).map(\.description)
    }
    return hosts
  }

  private init(_ setup: Setup, _ hosts: [String: [String]], _ open: [Opened]) {
    self.setup = setup
    addresses = hosts.mapValues { $0.compactMap { IPAddress($0) } }
    spare = open
  }

  private mutating func openAll(_ inherited: [InheritedSocket]) throws {
    opened = try inherited.map { Opened(listener: try owner(of: $0), descriptor: $0.descriptor, text: $0.text, origin: .inherited) }
    let served = Set(opened.map(\.listener))
    for listener in setup.configuration.listeners where !served.contains(listener.name) {
      for address in listener.sockets { try open(address, listener) }
    }
    guard !opened.isEmpty else { throw StartError("\(setup.name): no listener has an address to listen on") }
    try openPickup()
  }

  /// A system that cannot take it on (a folder on a disk that cannot be written, a path that is too long) still serves the network.
  private mutating func openPickup() throws {
    do {
      try open(.unix(setup.pickupSocket), setup.configuration.pickup.name, backlog: 128, mode: 0o666)
    } catch {
      Terminal.writeError("weir: sendmail cannot hand in mail: \(error)\n")
    }
  }

  private func owner(of socket: InheritedSocket) throws -> String {
    let listeners = setup.configuration.listeners
    if let named = listeners.first(where: { $0.name == socket.name }) ?? listeners.first(where: { $0.sockets.contains { $0.isLike(socket) } }) {
      return named.name
    }
    throw StartError(
      """
      the service manager hands over a socket on \(socket.text), and \(setup.name) has no listener for it; add \
      FileDescriptorName= with the name of one (\(listeners.map(\.name).joined(separator: ", "))) to the .socket unit, or a listener on that port
      """)
  }

  private mutating func open(_ address: ListenAddress, _ listener: ListenerConfiguration) throws {
    switch address {
    case .inet(let ip, let port): try open(.inet(SocketAddress(ip, port: UInt16(clamping: port))), listener)
    case .host(let host, let port):
      guard let found = addresses[host], !found.isEmpty else { throw StartError("listener \(listener.name): \(host) has no address") }
      for ip in found { try open(.inet(SocketAddress(ip, port: UInt16(clamping: port))), listener) }
    case .unix(let path): try open(.unix(path), listener)
    }
  }

  private mutating func open(_ origin: Origin, _ listener: ListenerConfiguration) throws {
    try open(
      origin, listener.name, backlog: Int32(clamping: listener[Keys.listenerBacklog]), mode: UInt32(clamping: listener[Keys.listenerMode]))
  }

  private mutating func open(_ origin: Origin, _ listener: String, backlog: Int32, mode: UInt32) throws {
    let same = spare.indices.filter { spare[$0].origin == origin }
    guard let index = same.first(where: { spare[$0].listener == listener }) ?? same.first else {
      return opened.append(try new(origin, listener, backlog, mode))
    }
    let kept = spare.remove(at: index)
    ListeningSocket.setBacklog(backlog, of: kept.descriptor)
    if case .unix(let path) = origin { ListeningSocket.setMode(mode, of: path) }
    opened.append(Opened(listener: listener, descriptor: kept.descriptor, text: kept.text, origin: origin))
  }

  private func new(_ origin: Origin, _ listener: String, _ backlog: Int32, _ mode: UInt32) throws -> Opened {
    switch origin {
    case .inherited: throw StartError("listener \(listener): the service manager has not opened its socket")
    case .unix(let path):
      return Opened(listener: listener, descriptor: try ListeningSocket.open(path: path, mode: mode, backlog: backlog), text: path, origin: origin)
    case .inet(let address):
      do {
        let descriptor = try open(address, backlog)
        return Opened(listener: listener, descriptor: descriptor, text: try ListeningSocket.address(of: descriptor).withPort, origin: origin)
      } catch {
        throw StartError("listener \(listener): \(error)\(hint(error, address))")
      }
    }
  }

  private func open(_ address: SocketAddress, _ backlog: Int32) throws(SystemError) -> Int32 {
    do throws(SystemError) {
      return try ListeningSocket.open(address, backlog: backlog)
    } catch {
      let leaving = spare.filter { $0.isOn(address.port) }.map(\.descriptor)
      guard error.isAddressInUse, !leaving.isEmpty else { throw error }
      return try ListeningSocket.open(address, backlog: backlog, beside: leaving)
    }
  }

  private func hint(_ error: SystemError, _ address: SocketAddress) -> String {
    if error.isAddressInUse { return "; 'ss -ltnp sport = :\(address.port)' shows who has it" }
    if error.isPermissionDenied { return "; ports below 1024 need root, or CAP_NET_BIND_SERVICE" }
    return ""
  }
}

extension ListeningSockets.Opened {
  fileprivate func isOn(_ port: UInt16) -> Bool {
    if case .inet(let address) = origin { address.port == port } else { false }
  }
}

extension ListenAddress {
  /// Whether the socket is on this port, whatever the address, or on this path.
  fileprivate func isLike(_ socket: InheritedSocket) -> Bool {
    switch self {
    case .inet(_, let port), .host(_, let port): socket.path == nil && port == Int(socket.address.port)
    case .unix(let path): path == socket.path
    }
  }
}

extension InheritedSocket {
  fileprivate var text: String { path ?? address.withPort }
}

extension SocketAddress {
  fileprivate var withPort: String { ip?.family == .v6 ? "[\(self)]:\(port)" : "\(self):\(port)" }
}
