// SPDX-License-Identifier: Apache-2.0
import Message
import Queue
import Runtime
import Spool

/// A message as a program gets it: what goes before it, and how its lines are written.
package struct ProgramMail: Sendable {
  package var header: [UInt8] = []
  /// Ends each line.
  package var lineEnd: [UInt8] = [0x0a]
  /// `.`: a dot at the beginning of a line is doubled.
  package var doublesDots = false
  /// `>`: `From ` at the beginning of a line is quoted.
  package var quotesFrom = false
  /// `B`: an empty line follows.
  package var endsEmpty = false

  package init() {}

  /// The line that begins a message of a mailbox file.
  static func separator(_ sender: String, _ now: Int64) -> String {
    let zone = LocalZone.at(now)
    return String(decoding: MboxSeparator.compose(sender: sender, time: now, Zone(offset: zone.offset, name: zone.name)), as: UTF8.self)
  }

  private var isPlain: Bool { lineEnd == [0x0a] && !doublesDots && !quotesFrom }

  /// Passes it on until `write` answers false; false too if it can't be read.
  func feed(_ content: some MailContent, _ write: (UnsafeRawBufferPointer) -> Bool) -> Bool {
    var isWanted = translated(header).withUnsafeBytes { $0.isEmpty || write($0) }
    do throws(DiskError) {
      var line = LineStart()
      let wasRead = try content.forEachBlock { pieces throws(DiskError) in
        for piece in pieces where isWanted {
          isWanted = isPlain ? write(piece) : translated(piece, &line).withUnsafeBytes { write($0) }
        }
        if !isWanted { throw DiskError(code: DiskError.inputOutput, operation: "feed") }
      }
      if !wasRead { return false }
    } catch {
      return false
    }
    return endsEmpty ? lineEnd.withUnsafeBytes { write($0) } : true
  }

  /// How much of a line's beginning has been seen.
  private struct LineStart { var held: [UInt8] = [], isAtStart = true }

  private func translated(_ bytes: [UInt8]) -> [UInt8] { lineEnd == [0x0a] ? bytes : bytes.flatMap { $0 == 0x0a ? lineEnd : [$0] } }

  private func translated(_ piece: UnsafeRawBufferPointer, _ line: inout LineStart) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(piece.count + piece.count / 16)
    for (offset, byte) in piece.enumerated() {
      if line.isAtStart {
        if doublesDots, byte == UInt8(ascii: ".") { out.append(byte) }
        // A piece ends at the end of a line, or the line is longer than any `From `.
        if quotesFrom, byte == UInt8(ascii: "F"), piece[offset...].starts(with: Array("From ".utf8)) { out.append(UInt8(ascii: ">")) }
      }
      line.isAtStart = byte == 0x0a
      if byte == 0x0a { out += lineEnd } else { out.append(byte) }
    }
    return out
  }
}
