// SPDX-License-Identifier: Apache-2.0
import Foundation
import Runtime
import Testing

@Suite struct ListenerTests {
  private static func listening() throws -> (descriptor: Int32, address: SocketAddress) {
    let descriptor = try ListeningSocket.open(SocketAddress(.loopbackV4, port: 0), backlog: 64)
    return (descriptor, try ListeningSocket.address(of: descriptor))
  }

  /// Whoever waits when a listener ends is served by it: it may be the only one that the kernel has told.
  @Test func drainTakesThoseWhoWait() throws {
    let fixture = try LoopFixture()
    let (descriptor, address) = try Self.listening()
    let loop = fixture.loop
    let count = fixture.run { () -> Int in
      var accepted = 0
      guard
        let listener = try? Listener(
          descriptor, on: loop,
          accepted: { connection, _ in
            accepted += 1
            closeDescriptor(connection)
          }, failed: { _ in })
      else { return -1 }
      // The loop has no chance to tell the listener of them.
      let waiting = (0..<20).compactMap { _ in try? ConnectingSocket.open(address) }
      listener.drain()
      let late = (0..<3).compactMap { _ in try? ConnectingSocket.open(address) }
      listener.look()
      for descriptor in waiting + late { closeDescriptor(descriptor) }
      return accepted
    }
    #expect(count == 20)
    #expect(fixture.finish() == 0)
    closeDescriptor(descriptor)
  }

  @Test func aPortIsTakenOverBySocketsOfOneProcessOnly() throws {
    let (old, address) = try Self.listening()
    defer { closeDescriptor(old) }
    let everywhere = SocketAddress(.anyV4, port: address.port)
    #expect(throws: SystemError.self) { try ListeningSocket.open(everywhere, backlog: 1) }
    let new = try ListeningSocket.open(everywhere, backlog: 1, beside: [old])
    defer { closeDescriptor(new) }
    #expect(try ListeningSocket.address(of: new).port == address.port)
    // That was for once.
    #expect(throws: SystemError.self) { try ListeningSocket.open(SocketAddress(.loopbackV4, port: address.port), backlog: 1) }
  }

  @Test(arguments: [0o600, 0o660, 0o666] as [UInt32]) func aUnixSocketHasItsPermissions(mode: UInt32) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    closeDescriptor(try ListeningSocket.open(path: "\(folder)/socket", mode: mode, backlog: 1))
    #expect(Self.mode("\(folder)/socket") == mode)
  }

  /// The umask is of the whole process: whoever makes a mailbox meanwhile must not get another.
  @Test func whatOtherThreadsMakeMeanwhileHasItsOwn() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let thread = try Runtime.Thread(name: "sockets") {
      for _ in 0..<1000 {
        if let socket = try? ListeningSocket.open(path: "\(folder)/socket", mode: 0o600, backlog: 1) { closeDescriptor(socket) }
      }
    }
    var modes: Set<UInt32?> = []
    for number in 0..<4000 {
      mkdir("\(folder)/\(number)", 0o700)
      modes.insert(Self.mode("\(folder)/\(number)"))
    }
    thread.join()
    #expect(modes == [0o700])
  }

  private static func folder() throws -> String {
    let folder = "\(NSTemporaryDirectory())/weir-listener-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func mode(_ path: String) -> UInt32? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }
}
