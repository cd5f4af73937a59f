// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Message
import Rules
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
  /// Lines are looked up decoded, too.
  let decodes: Bool

  /// An empty list is no tables; a list that was not given, or says `option:header_checks`, is the first one. Throws all that is wrong with the tables.
  static func read(_ options: Options, files: any FileSource) throws(Refusal) -> HeaderRules {
    var reader = RuleReader(.header, files: files)
    let (mime, nested) = (options.all("mime_header_checks"), options.all("nested_header_checks"))
    let first = reader.read("header_checks", options.all("header_checks"))
    let rules = HeaderRules(
      primary: first, mime: isInherited(mime) ? first : reader.read("mime_header_checks", mime),
      nested: isInherited(nested) ? first : reader.read("nested_header_checks", nested), limit: options.int("header_size_limit"),
      decodes: options.bool("decoded"))
    try reader.end()
    return rules
  }

  private static func isInherited(_ list: [String]) -> Bool { list.isEmpty || list == [inherited] }

  /// Without rules no event is worth a call, nor the parts of a message a look.
  var events: EventSet {
    if !looksIntoParts { return primary.isEmpty ? [] : .header }
    return [.header, .endOfMessage]
  }

  var failing: String? { primary.failing ?? mime.failing ?? nested.failing }

  var looksIntoParts: Bool { !mime.isEmpty || !nested.isEmpty }

  /// header_checks(5): what is MIME's is for mime_header_checks even in the header of the message or of an attached one.
  func checks(_ name: UnsafeBufferPointer<UInt8>, _ place: Place) -> ContentChecks {
    if place == .part || LogicalHeader.isMIME(name) { return mime }
    return place == .primary ? primary : nested
  }

  /// `decoded`: the beginning of the line in the form in which it matched, if that is not the one that it came in.
  func match(_ line: HeaderLine, _ place: Place, exhausted: inout [String], decoded shown: inout String?) -> ContentChecks.Match? {
    let checks = checks(line.name, place)
    if checks.isEmpty { return nil }
    var match: ContentChecks.Match?
    line.logical(limit: limit) { match = checks.match($0, exhausted: &exhausted) }
    if match != nil { return match }
    guard decodes, !EncodedWords.isPlain(UnsafeRawBufferPointer(line.value)) else { return nil }
    let decoded = EncodedWords.decoded(UnsafeRawBufferPointer(line.value))
    decoded.withUnsafeBufferPointer {
      let line = HeaderLine(name: line.name, value: $0, isTight: line.isTight)
      line.logical(limit: limit) { match = checks.match($0, exhausted: &exhausted) }
      if match != nil { shown = line.shown(limit: limit) }
    }
    return match
  }
}
