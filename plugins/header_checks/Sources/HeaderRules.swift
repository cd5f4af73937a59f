// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables
import WeirPlugin

/// The three lists of tables, and which header line is looked up in which.
struct HeaderRules: Sendable {
  /// Where a header line stands.
  enum Place { case primary, part, nested }

  /// What stands for the tables of another option, in the form of a table.
  static let inherited = "option:header_checks"

  let primary: ContentChecks
  let mime: ContentChecks
  let nested: ContentChecks
  /// Postfix's header_size_limit; 0 for none.
  let limit: Int

  /// An empty list is no tables; a list that was not given, or says `option:header_checks`, is the first one. Throws all that is wrong with the tables.
  static func read(_ primary: [String], mime: [String], nested: [String], limit: Int, files: any FileSource) throws(Refusal) -> HeaderRules {
    var reader = Reader(files: files)
    let first = reader.read("header_checks", primary)
    let rules = HeaderRules(
      primary: first, mime: isInherited(mime) ? first : reader.read("mime_header_checks", mime),
      nested: isInherited(nested) ? first : reader.read("nested_header_checks", nested), limit: limit)
    let errors = reader.diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty { throw Refusal(errors.map(inOneLine).joined(separator: "; ")) }
    return rules
  }

  /// The host shows a reason at the stage in the configuration; where it shows the line itself, it has read the rules, too.
  private static func inOneLine(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { "\($0): " } ?? ""
    return place + diagnostic.message + (diagnostic.hint.map { " (\($0))" } ?? "")
  }

  private static func isInherited(_ list: [String]) -> Bool { list.isEmpty || list == [inherited] }

  private struct Reader {
    let files: any FileSource
    var diagnostics: [Diagnostic] = []

    mutating func read(_ option: String, _ list: [String]) -> ContentChecks {
      let (checks, found) = ContentChecks.read(LocatedText(name: option, text: list.joined(separator: ", ")), .header, files: files)
      diagnostics += found
      return checks
    }
  }

  /// Without rules no event is worth a call, nor the parts of a message a look.
  var events: EventSet {
    var events: EventSet = []
    if !primary.isEmpty || !mime.isEmpty { events.insert(.header) }
    if !mime.isEmpty || !nested.isEmpty { events.insert(.partHeader) }
    return events
  }

  /// header_checks(5): what is MIME's is for mime_header_checks even in the header of the message or of an attached one.
  func checks(_ name: UnsafeBufferPointer<UInt8>, _ place: Place) -> ContentChecks {
    if place == .part || LogicalHeader.isMIME(name) { return mime }
    return place == .primary ? primary : nested
  }

  func match(_ line: HeaderLine, _ place: Place) -> ContentChecks.Match? {
    let checks = checks(line.name, place)
    if checks.isEmpty { return nil }
    return checks.match(line.name, line.value, isTight: line.isTight, limit: limit)
  }
}
