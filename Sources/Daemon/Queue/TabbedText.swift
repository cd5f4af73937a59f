// SPDX-License-Identifier: Apache-2.0

/// Fields of a line with tabs between them: what would break the line is written with a backslash.
enum TabbedText {
  static func escaped(_ field: String) -> String {
    guard field.utf8.contains(where: { $0 < 0x20 || $0 == 0x5c }) else { return field }
    return field.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\t": "\\t"
      case "\n": "\\n"
      default: scalar.value < 0x20 ? "?" : String(scalar)
      }
    }.joined()
  }

  static func unescaped(_ field: Substring) -> String {
    guard field.utf8.contains(0x5c) else { return String(field) }
    var text = ""
    var isEscape = false
    for character in field {
      if isEscape { text.append(character == "t" ? "\t" : character == "n" ? "\n" : character) } else if character != "\\" { text.append(character) }
      isEscape = !isEscape && character == "\\"
    }
    return text
  }
}
