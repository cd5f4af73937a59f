// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// One service of master.cf.
struct MasterService {
  /// `-o name=value`
  struct Option {
    let name: String
    let value: String
    let lines: ClosedRange<Int>
    var item: Int?
  }

  let name: String
  let type: String
  let processLimit: String
  let command: String
  /// What is not `-o`.
  var arguments: [String] = []
  var options: [Option] = []
  let lines: ClosedRange<Int>
  /// The item of its first line.
  var item: Int?

  /// The words of an entry: a blank separates them except in braces.
  private struct Word {
    let text: String
    let line: Int
  }

  /// Nil if it is no service: eight fields and perhaps more.
  init?(_ piece: Piece) {
    let words = piece.parts.flatMap { part in
      part.elements(separatedBy: \.isBlank).map { Word(text: $0.text, line: $0.start.line) }
    }
    guard words.count >= 8 else { return nil }
    name = words[0].text
    type = words[1].text
    processLimit = words[6].text
    command = words[7].text
    lines = piece.lines
    readArguments(words.dropFirst(8))
  }

  private mutating func readArguments(_ words: ArraySlice<Word>) {
    var rest = words
    while let word = rest.popFirst() {
      if word.text == "-o", let value = rest.popFirst() {
        addOption(value.text, word.line...value.line)
      } else if word.text.hasPrefix("-o"), word.text.contains("=") {
        addOption(String(word.text.dropFirst(2)), word.line...word.line)
      } else {
        arguments.append(word.text)
      }
    }
  }

  private mutating func addOption(_ text: String, _ lines: ClosedRange<Int>) {
    let group = LocatedText(name: "", text: text).group?.text ?? text
    let (name, value) = group.assignment ?? (group, "")
    options.append(Option(name: name, value: value, lines: lines))
  }

  /// What the service is called in both files: `smtp`, `127.0.0.1:10025`.
  var title: String { "\(name) \(type)" }

  func option(_ name: String) -> String? { options.last { $0.name == name }?.value }

  /// `127.0.0.1:10025` is an address and a port; `smtp` a port alone.
  var address: (host: String, port: String) {
    guard let colon = name.lastIndex(of: ":") else { return ("", name) }
    let host = String(name[..<colon])
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    return (bare, String(name[name.index(after: colon)...]))
  }
}
