// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Some lines of a file that belong together: an entry with the lines that continue it, or comments and empty lines.
struct Piece {
  /// Counted from 1. Comments between the lines of an entry are among them.
  var lines: ClosedRange<Int>
  /// The lines of an entry without comments, each as it was written; none for comments and empty lines.
  var parts: [LocatedText] = []

  var isEntry: Bool { !parts.isEmpty }

  /// The entry on one line, its parts apart by line feeds, without blanks at its ends.
  var text: String { parts.map(\.trimmed.text).joined(separator: "\n") }
}

extension SourceText {
  /// As `wc -l` counts, and one more for a last line without a line feed.
  var countedLines: Int { bytes.last == UInt8(ascii: "\n") ? lineCount - 1 : bytes.isEmpty ? 0 : lineCount }

  /// The file by the rules of main.cf, master.cf and Postfix's tables: a line that starts with a blank continues the one before it, comments and
  /// empty lines do not end an entry.
  var postfixPieces: [Piece] {
    var pieces: [Piece] = []
    var between: Piece?
    for number in 1..<(countedLines + 1) {
      let line = LocatedText(self, lineRange(number - 1))
      if line.isComment {
        between = Piece(lines: (between?.lines.lowerBound ?? number)...number)
      } else if line.bytes.first?.isBlank ?? false, let last = pieces.last, last.isEntry {
        pieces[pieces.count - 1] = Piece(lines: last.lines.lowerBound...number, parts: last.parts + [line])
        between = nil
      } else {
        if let between { pieces.append(between) }
        between = nil
        pieces.append(Piece(lines: number...number, parts: [line]))
      }
    }
    return pieces + (between.map { [$0] } ?? [])
  }

  /// The file by the rules of Dovecot: a `\` at the end of a line joins the next one.
  var dovecotPieces: [Piece] {
    var pieces: [Piece] = []
    var isContinued = false
    for number in 1..<(countedLines + 1) {
      let line = LocatedText(self, lineRange(number - 1))
      let isJoined = !line.isComment && line.trimmed.bytes.last == UInt8(ascii: "\\")
      let part = isJoined ? line.trimmed[..<(line.trimmed.count - 1)] : line
      if isContinued, let last = pieces.last {
        pieces[pieces.count - 1] = Piece(lines: last.lines.lowerBound...number, parts: last.parts + [part])
      } else if !line.isComment {
        pieces.append(Piece(lines: number...number, parts: [part]))
      } else if let last = pieces.last, !last.isEntry {
        pieces[pieces.count - 1].lines = last.lines.lowerBound...number
      } else {
        pieces.append(Piece(lines: number...number))
      }
      isContinued = isJoined
    }
    return pieces
  }
}

extension LocatedText {
  /// Nothing but blanks, or a comment.
  var isComment: Bool { bytes.first { !$0.isBlank }.map { $0 == UInt8(ascii: "#") } ?? true }
}
