// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings

/// Tries the ports that the listeners want.
struct PortTrial {
  let listeners: [ListenerConfiguration]

  var ports: [DoctorFacts.Port] {
    listeners.flatMap { listener in listener.sockets.flatMap { places($0) }.map { port(listener, $0) } }
  }

  private func places(_ address: ListenAddress) -> [SocketAddress] {
    switch address {
    case .inet(let ip, let port): [SocketAddress(ip, port: UInt16(clamping: port))]
    case .host(let name, let port): SystemNames.addresses(of: name).map { SocketAddress($0, port: UInt16(clamping: port)) }
    case .unix: []
    }
  }

  private func port(_ listener: ListenerConfiguration, _ address: SocketAddress) -> DoctorFacts.Port {
    let beginsWithTLS = listener[Keys.smtpdTlsWrappermode]
    return DoctorFacts.Port(
      listener: listener.name, address: Self.text(address), number: Int(address.port),
      isLoopback: address.ip.map { $0 != .anyV4 && $0 != .anyV6 && AddressScope($0) == .loopback } ?? true, beginsWithTLS: beginsWithTLS,
      state: state(address, beginsWithTLS))
  }

  private static func text(_ address: SocketAddress) -> String {
    switch address.ip {
    case .anyV4: "every IPv4 address,"
    case .anyV6: "every IPv6 address,"
    default: address.description
    }
  }

  private func state(_ address: SocketAddress, _ beginsWithTLS: Bool) -> DoctorFacts.Port.State {
    do throws(SystemError) {
      closeDescriptor(try ListeningSocket.open(address, backlog: 1))
      return .free
    } catch {
      if error.isAddressInUse { return .taken(by: holder(of: Int(address.port)), banner: beginsWithTLS ? nil : banner(address)) }
      return error.isPermissionDenied ? .forbidden : .failed("\(error)")
    }
  }

  private func holder(of port: Int) -> String? {
    let programs = RunningProgram.listening(on: port)
    return programs.first { $0.name.hasPrefix("weir") }.map { _ in "weir" } ?? programs.first?.name
  }

  /// The first line that the server there says, without what could trouble a terminal.
  private func banner(_ address: SocketAddress) -> String? {
    let ip = address.ip == .anyV4 ? .loopbackV4 : address.ip == .anyV6 ? .loopbackV6 : address.ip
    guard let ip, let descriptor = try? ConnectingSocket.open(SocketAddress(ip, port: address.port)) else { return nil }
    let stream = BlockingStream(descriptor: descriptor)
    var input = ByteBuffer()
    guard case .received = stream.read(into: &input, timeout: .seconds(3)) else { return nil }
    let line = input.array().prefix { $0 != 0x0d && $0 != 0x0a }.prefix(80)
    return String(decoding: line.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
