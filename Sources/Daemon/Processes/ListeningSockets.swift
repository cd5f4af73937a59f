// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings

/// Opens every socket that the configuration asks for, or none.
///
/// Where the service manager has opened sockets, those stand in for the ones that the configuration gives the listener: a socket belongs to the
/// listener that has its name (FileDescriptorName=), else to the one on its port or path.
enum ListeningSockets {
  struct Opened {
    let listener: String
    let descriptor: Int32
    /// The address and port, or path, it is bound to.
    let text: String
  }

  static func open(_ setup: Setup, inherited: [InheritedSocket] = []) throws -> [Opened] {
    var opened = try inherited.map { Opened(listener: try owner(of: $0, setup), descriptor: $0.descriptor, text: $0.text) }
    let served = Set(opened.map(\.listener))
    for listener in setup.configuration.listeners where !served.contains(listener.name) {
      for address in listener.sockets { opened += try open(address, listener) }
    }
    guard !opened.isEmpty else { throw StartError("\(setup.name): no listener has an address to listen on") }
    return opened
  }

  private static func owner(of socket: InheritedSocket, _ setup: Setup) throws -> String {
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

  private static func open(_ address: ListenAddress, _ listener: ListenerConfiguration) throws -> [Opened] {
    let backlog = Int32(clamping: listener[Keys.listenerBacklog])
    switch address {
    case .inet(let ip, let port):
      return [try open(SocketAddress(ip, port: UInt16(clamping: port)), listener.name, backlog)]
    case .host(let host, let port):
      let addresses = SystemNames.addresses(of: host)
      if addresses.isEmpty { throw StartError("listener \(listener.name): \(host) has no address") }
      return try addresses.map { try open(SocketAddress($0, port: UInt16(clamping: port)), listener.name, backlog) }
    case .unix(let path):
      let descriptor = try ListeningSocket.open(path: path, mode: UInt32(clamping: listener[Keys.listenerMode]), backlog: backlog)
      return [Opened(listener: listener.name, descriptor: descriptor, text: path)]
    }
  }

  private static func open(_ address: SocketAddress, _ listener: String, _ backlog: Int32) throws -> Opened {
    let descriptor: Int32
    do {
      descriptor = try ListeningSocket.open(address, backlog: backlog)
    } catch {
      throw StartError("listener \(listener): \(error)\(hint(error, address))")
    }
    return Opened(listener: listener, descriptor: descriptor, text: try ListeningSocket.address(of: descriptor).withPort)
  }

  private static func hint(_ error: SystemError, _ address: SocketAddress) -> String {
    if error.isAddressInUse { return "; 'ss -ltnp sport = :\(address.port)' shows who has it" }
    if error.isPermissionDenied { return "; ports below 1024 need root, or CAP_NET_BIND_SERVICE" }
    return ""
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
