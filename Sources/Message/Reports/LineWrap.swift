// SPDX-License-Identifier: Apache-2.0

/// Long lines as Postfix's reports break them: at blanks before the 79th column, the rest indented by four.
enum LineWrap {
  static let width = 79
  static let indent = 4
  /// No word makes a line too long for RFC 5322 §2.1.1: a longer one is cut.
  static let longestWord = 900

  /// Appends `text`, which has no line end in it, as lines. White space where a line breaks is left out.
  static func write(_ text: [UInt8], width: Int = width, into output: inout [UInt8]) {
    var lineStart = output.count
    var room = width
    for word in words(of: text) {
      let isFirst = output.count == lineStart
      let blank = isFirst ? 0 : word.blanks
      if !isFirst, output.count - lineStart + blank + word.text.count > room {
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indent))
        lineStart = output.count
        room = width - indent
      } else {
        output.append(contentsOf: repeatElement(0x20, count: blank))
      }
      output.append(contentsOf: word.text)
    }
    output.append(0x0A)
  }

  private struct Word {
    /// Before it.
    let blanks: Int
    let text: ArraySlice<UInt8>
  }

  private static func words(of text: [UInt8]) -> [Word] {
    var words: [Word] = []
    var position = 0
    while position < text.count {
      let start = text[position...].firstIndex { !isBlank($0) } ?? text.endIndex
      if start == text.endIndex { break }
      let end = text[start...].firstIndex(where: isBlank) ?? text.endIndex
      words.append(Word(blanks: min(start - position, width), text: text[start..<min(end, start + longestWord)]))
      position = words.last?.text.endIndex ?? end
      // A word that was cut goes on in a line of its own.
      if position < end { words += pieces(text[position..<end]) }
      position = end
    }
    return words
  }

  private static func pieces(_ rest: ArraySlice<UInt8>) -> [Word] {
    stride(from: rest.startIndex, to: rest.endIndex, by: longestWord).map { start in
      Word(blanks: width, text: rest[start..<min(start + longestWord, rest.endIndex)])
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
