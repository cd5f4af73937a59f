// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A listening socket that the service manager opened: socket activation, sd_listen_fds(3).
package struct InheritedSocket: Sendable {
  package let descriptor: Int32
  /// FileDescriptorName= of the socket unit; that unit's name if there is none.
  package let name: String
  package let address: SocketAddress
  /// The path of a unix socket.
  package let path: String?

  private static let firstDescriptor: Int32 = 3

  /// The sockets that are for this process, now its own. Removes what tells of them from the environment. Call it before threads are
  /// started and before any descriptor is opened.
  package static func take() throws(SystemError) -> [InheritedSocket] {
    let process = Environment.take("LISTEN_PID").flatMap(Int32.init)
    let count = Environment.take("LISTEN_FDS").flatMap(Int32.init) ?? 0
    let names = Environment.take("LISTEN_FDNAMES")?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
    guard process == getpid(), (1...1024).contains(count) else { return [] }
    var sockets: [InheritedSocket] = []
    for index in 0..<count {
      let descriptor = firstDescriptor + index
      let isListener = try SystemError.check(clinux_adopt_listener(descriptor), "inherited descriptor \(descriptor)")
      guard isListener == 1 else { continue }
      sockets.append(try InheritedSocket(descriptor, name: Int(index) < names.count ? names[Int(index)] : ""))
    }
    return sockets
  }

  private init(_ descriptor: Int32, name: String) throws(SystemError) {
    self.descriptor = descriptor
    self.name = name
    address = try ListeningSocket.address(of: descriptor)
    path = address.ip == nil ? try Self.path(of: descriptor) : nil
  }

  private static func path(of descriptor: Int32) throws(SystemError) -> String {
    var path = [CChar](repeating: 0, count: 256)
    _ = try SystemError.check(clinux_socket_path(descriptor, &path, path.count), "getsockname")
    return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
