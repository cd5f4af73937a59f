// SPDX-License-Identifier: Apache-2.0
import Glibc

@testable import Runtime

/// A program run with a socket as its standard input, output and error.
final class Command {
  private let process: pid_t
  private let stream: Int32
  private var received: [UInt8] = []

  init(_ arguments: [String]) throws {
    var both: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &both) == 0 else { throw SystemError.last("socketpair") }
    let (ours, theirs) = (both[0], both[1])
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    for standard in 0..<Int32(3) { posix_spawn_file_actions_adddup2(&actions, theirs, standard) }
    var argv = arguments.map { strdup($0) } + [nil]
    var process = pid_t()
    let code = posix_spawnp(&process, arguments.first ?? "", &actions, nil, &argv, environ)
    for argument in argv { free(argument) }
    posix_spawn_file_actions_destroy(&actions)
    close(theirs)
    (self.process, stream) = (process, ours)
    guard code == 0 else { throw SystemError(code: code, operation: "posix_spawn") }
  }

  deinit { close(stream) }

  func write(_ text: String) {
    var text = text
    _ = text.withUTF8 { Glibc.write(stream, $0.baseAddress, $0.count) }
  }

  /// Reads on until the output holds `text`; false at its end.
  func waits(for text: String) -> Bool {
    while !String(decoding: received, as: UTF8.self).contains(text) {
      guard readMore() else { return false }
    }
    return true
  }

  /// Ends the input, then gives the exit status and all output.
  func finish() -> (status: Int32, output: String) {
    shutdown(stream, Int32(SHUT_WR))
    while readMore() {}
    var status: Int32 = 0
    waitpid(process, &status, 0)
    return (status >> 8 & 0xff, String(decoding: received, as: UTF8.self))
  }

  private func readMore() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { read(stream, $0.baseAddress, $0.count) }
    guard count > 0 else { return false }
    received += bytes.prefix(count)
    return true
  }
}
