// SPDX-License-Identifier: Apache-2.0

extension String {
  /// Lines of at most `width` characters, broken at blanks; a longer word has a line of its own.
  func wrapped(_ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty, line.count + word.count + 1 > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " " + word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}

extension Definition {
  /// The default as the reference shows it.
  var shownDefault: String { computedDefault ?? (defaultText.isEmpty ? "(empty)" : defaultText) }

  /// Whose word it is, and where it may stand.
  var notes: [String] {
    let whose = origin == .weir ? "Weir's own" : origin == .postfix ? "as in Postfix" : "as in Dovecot"
    return place == .anywhere ? [whose, "also in a listener"] : [whose]
  }
}
