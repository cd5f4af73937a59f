// SPDX-License-Identifier: Apache-2.0
import Daemon

extension Words {
  /// `weir map query|list|check|build …`, and postmap(1)'s `-q KEY TABLE...`, `-s TABLE...`.
  mutating func mapRequest() throws(UsageError) -> MapRequest {
    var lines = MessageKeys.Selection()
    for (index, word) in rest.enumerated().reversed() where ["-h", "-b", "-m", "-hm", "-bm", "-hb", "-hbm"].contains(word) {
      (lines.hasHeader, lines.hasBody) = (lines.hasHeader || word.contains("h"), lines.hasBody || word.contains("b"))
      lines.hasParts = lines.hasParts || word.contains("m")
      remove(at: index)
    }
    var request = try mapVerb()
    request.lines = lines
    if !lines.isEmptySelection, request.verb != .query([]), request.verb != .check {
      throw UsageError("-h and -b are for a message on standard input, `query TABLE -`, and for `check`")
    }
    return request
  }

  private mutating func mapVerb() throws(UsageError) -> MapRequest {
    if let key = try value(of: ["-q"]) { return MapRequest(.query(key == "-" ? [] : [key]), tables: try tables()) }
    if take("-s") { return MapRequest(.list, tables: try tables()) }
    let verbs = ["query", "list", "check", "build"]
    let verb = try required("what to do: \(verbs.joined(separator: ", "))")
    switch verb {
    case "query":
      let table = try required("a table, such as hash:/etc/weir/virtual")
      let keys = takeAll()
      if keys.isEmpty { throw UsageError("missing a key; `-` reads keys from standard input") }
      if !MapRequest.isTable(table), let last = keys.last, MapRequest.isTable(last) {
        throw UsageError("the table comes first: weir map query \(last) \(table)")
      }
      return MapRequest(.query(keys == ["-"] ? [] : keys), tables: [table])
    case "list": return MapRequest(.list, tables: try tables())
    case "check", "build": return MapRequest(.check, tables: try tables())
    default: throw UsageError("unknown command 'map \(verb)'", hint: Suggestion.nearest(to: verb, in: verbs))
    }
  }

  private mutating func tables() throws(UsageError) -> [String] {
    let tables = takeAll()
    if tables.isEmpty { throw UsageError("missing a table, such as hash:/etc/weir/virtual") }
    return tables
  }

  private mutating func takeAll() -> [String] {
    var all: [String] = []
    while let word = next() { all.append(word) }
    return all
  }
}

extension MessageKeys.Selection {
  fileprivate var isEmptySelection: Bool { !hasHeader && !hasBody }
}

extension Help {
  static let mapTopic = """
    usage: weir map query TABLE KEY...
           weir map query [-h] [-b] [-m] TABLE -
           weir map list TABLE...
           weir map check [-h|-b] TABLE...
           weir map -q KEY TABLE...      weir map -s TABLE...

    query  what a table answers: the value alone for one key, else key, tab and
           value. With `-` each line of standard input is a key; with -h or -b
           standard input is a message, and its header lines or the lines of its
           text are the keys, as header_checks and body_checks see them; -m takes
           its parts apart.
    list   all entries; of rules their answers
    check  reads tables and says what is wrong with them; with -h the actions of
           header_checks, too, with -b those of body_checks. `build` is the same:
           there are no database files to make, weir reads the text itself.

    -q and -s are those of postmap. A TABLE is `type:name` as in the
    configuration: hash:/etc/weir/virtual, regexp:/etc/weir/header_checks,
    'inline:{ key = value }'. docs/tables.md has the types.

    Exit status 0 if something was found; 1 if not; 78 if a table cannot be read.

    """
}
