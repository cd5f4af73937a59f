// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings
import Tables

/// `postmap` and `postalias`, whose texts are those of aliases(5). There are no database files: Weir reads the texts, so to build one is to check its text.
struct PostMap {
  private let program: ForeignProgram
  private var key: String?
  private var listsAll = false
  private var request = MapRequest(.check, tables: [])
  private var fault: String?

  static func run(_ program: ForeignProgram, _ words: [String]) -> Int32 {
    var command = PostMap(program)
    command.parse(words)
    if let fault = command.fault {
      Terminal.writeError("\(program): fatal: \(fault)\n")
      return ExitStatus.usage
    }
    let status = MapCommand(command.request, isQuiet: true).perform()
    // As a table that postmap cannot use.
    return status == ExitStatus.configuration ? ExitStatus.failure : status
  }

  private init(_ program: ForeignProgram) { self.program = program }

  private mutating func parse(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.utf8.count > 1 else {
        request.tables.append(word)
        continue
      }
      parse(word.dropFirst(), &rest)
    }
    if let key { request.verb = .query(key == "-" ? [] : [key]) } else if listsAll { request.verb = .list }
    if request.tables.isEmpty, fault == nil { fault = "usage: \(program) [-h] [-b] [-m] [-q key] [-s] [file_type:]file_name..." }
    request.form = program == .postalias ? .aliases : .table
    request.tables = request.tables.map { $0.contains(":") ? $0 : "hash:\($0)" }
  }

  private mutating func parse(_ letters: Substring, _ rest: inout ArraySlice<String>) {
    var letters = letters
    while let letter = letters.popFirst() {
      switch letter {
      case "q", "c", "d":
        let value = letters.isEmpty ? rest.popFirst() : String(letters)
        if letter == "q" { key = value }
        if letter == "d" { fault = "there is no database to delete a key from: take the line out of the text, which Weir reads itself" }
        return
      case "i": fault = "there is no database to add a key to: add a line to the text, which Weir reads itself"
      case "s": listsAll = true
      case "h": request.lines.hasHeader = true
      case "b": request.lines.hasBody = true
      case "m": request.lines.hasParts = true
      case "f", "F", "N", "n", "o", "p", "r", "u", "U", "v", "w": break
      default: fault = "invalid option -- '\(letter)'"
      }
    }
  }
}
