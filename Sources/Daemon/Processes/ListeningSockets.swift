// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings

/// Opens every socket that the configuration asks for, or none.
enum ListeningSockets {
  struct Opened {
    let listener: String
    let descriptor: Int32
    /// The address and port, or path, it is bound to.
    let text: String
  }

  static func open(_ setup: Setup) throws -> [Opened] {
    var opened: [Opened] = []
    for listener in setup.configuration.listeners {
      for address in listener.sockets { opened += try open(address, listener) }
    }
    guard !opened.isEmpty else { throw StartError("\(setup.name): no listener has an address to listen on") }
    return opened
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
    let bound = try ListeningSocket.address(of: descriptor)
    let host = bound.ip?.family == .v6 ? "[\(bound)]" : "\(bound)"
    return Opened(listener: listener, descriptor: descriptor, text: "\(host):\(bound.port)")
  }

  private static func hint(_ error: SystemError, _ address: SocketAddress) -> String {
    if error.isAddressInUse { return "; 'ss -ltnp sport = :\(address.port)' shows who has it" }
    if error.isPermissionDenied { return "; ports below 1024 need root, or CAP_NET_BIND_SERVICE" }
    return ""
  }
}
