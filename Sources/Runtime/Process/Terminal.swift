// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Standard output and standard error of a command.
package enum Terminal {
  package static func write(_ text: String) { write(Array(text.utf8), to: 1) }

  /// Standard input has nothing more, and standard output goes where errors go.
  package static func detachInput() {
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    if nothing >= 0 {
      _ = dup2(nothing, 0)
      closeDescriptor(nothing)
    }
    _ = dup2(2, 1)
  }

  /// Standard input is what `descriptor` is open on, from its beginning.
  package static func takeInput(from descriptor: Int32) {
    _ = dup2(descriptor, 0)
    _ = lseek(0, 0, SEEK_SET)
  }

  package static func writeError(_ text: String) { write(Array(text.utf8), to: 2) }

  package static func write(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { write($0, to: descriptor) }
  }

  package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// What has come on standard input, as soon as something has; empty at its end, nil if it cannot be read.
  package static func readSome(limit: Int) -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: limit)
    while true {
      let count = Glibc.read(0, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      return count < 0 ? nil : Array(piece.prefix(count))
    }
  }

  /// All of standard input; nil if it cannot be read, or is longer than `limit`.
  package static func readInput(limit: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(0, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 || bytes.count + count > limit { return nil }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }

  /// Whether systemd has connected it to its journal (JOURNAL_STREAM of systemd.exec(5)).
  package static func isJournal(_ descriptor: Int32) -> Bool {
    guard let stream = Machine.environment("JOURNAL_STREAM") else { return false }
    var status = stat()
    return fstat(descriptor, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
  }

  /// Its columns; 100 for what is no terminal.
  package static func width(_ descriptor: Int32) -> Int {
    let width = clinux_terminal_width(descriptor)
    return width > 0 ? Int(width) : 100
  }

  /// Whether colour is welcome there: a terminal, and NO_COLOR is not set.
  package static func wantsColour(_ descriptor: Int32) -> Bool {
    Machine.isTerminal(descriptor) && Machine.environment("NO_COLOR") == nil && Machine.environment("TERM") != "dumb"
  }
}
