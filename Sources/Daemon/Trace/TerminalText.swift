// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Text for a terminal, in colour where that is welcome. What comes from outside cannot move the cursor.
struct TerminalText {
  enum Tone: String {
    case plain = ""
    case dim = "\u{1b}[2m"
    case bold = "\u{1b}[1m"
    case red = "\u{1b}[31m"
    case green = "\u{1b}[32m"
    case yellow = "\u{1b}[33m"
    case blue = "\u{1b}[36m"
  }

  let isColoured: Bool
  private(set) var text = ""

  init(isColoured: Bool) { self.isColoured = isColoured }

  mutating func add(_ words: String, _ tone: Tone = .plain) {
    let visible = Self.visible(words)
    guard isColoured, tone != .plain, !visible.isEmpty else { return text += visible }
    text += tone.rawValue + visible + "\u{1b}[0m"
  }

  mutating func add(_ words: String, width: Int, _ tone: Tone = .plain) {
    add(words, tone)
    text += String(repeating: " ", count: max(0, width - Self.visible(words).count))
  }

  mutating func endLine() { text += "\n" }

  mutating func line(_ words: String, _ tone: Tone = .plain) {
    add(words, tone)
    endLine()
  }

  static func visible(_ words: String) -> String {
    if words.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 < 0x80 }) { return words }
    return String(String.UnicodeScalarView(words.unicodeScalars.map { isControl($0) ? "?" : $0 }))
  }

  /// C0, DEL, C1, and what turns the direction of writing round.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
    default: false
    }
  }

  static func tone(ofReply reply: String) -> Tone {
    switch reply.first {
    case "2", "3": .green
    case "4": .yellow
    default: .red
    }
  }
}
