// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Turns texts into a `Section` and a list of everything wrong with them; never stops at the first mistake.
package struct Parser {
  package static let maximumFileLength = 1 << 20
  /// Of all files together.
  package static let maximumTotalLength = 4 << 20
  package static let maximumFiles = 1000
  package static let maximumIncludeDepth = 16
  package static let maximumBlockDepth = 16

  let files: any FileSource
  var diagnostics: [Diagnostic] = []
  var fileCount = 0
  var remainingLength = Parser.maximumTotalLength
  /// The paths being read, outermost first.
  var includePath: [String] = []
  var blockDepth = 0
  var advice = SpellingAdvice()

  private init(files: any FileSource) { self.files = files }

  package static func parse(path: String, files: any FileSource) -> (Section, [Diagnostic]) {
    var parser = Parser(files: files)
    var section = Section()
    parser.include(path, at: nil, into: &section)
    return (section, parser.diagnostics)
  }

  /// Parses one text; only its includes are read through `files`.
  package static func parse(_ source: SourceText, files: any FileSource) -> (Section, [Diagnostic]) {
    var parser = Parser(files: files)
    var section = Section()
    parser.includePath = [source.name]
    parser.parseFile(source, into: &section)
    return (section, parser.diagnostics)
  }

  mutating func parseFile(_ source: SourceText, into section: inout Section) {
    reportBytesThatAreNoText(source)
    var lines = LineReader(source)
    if blockDepth == 0 {
      parseTopLevel(&lines, into: &section)
    } else if parseBody(&lines, into: &section) != nil {
      report(.error(SourceLocation(source, offset: 0), "this file closes a block that it did not open", hint: "blocks end in the file they begin in"))
    }
  }

  mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  private mutating func reportBytesThatAreNoText(_ source: SourceText) {
    if let offset = source.bytes.firstIndex(of: 0) {
      report(.error(SourceLocation(source, offset: offset), "a NUL byte: this is no text file"))
    } else if String(validating: source.bytes, as: UTF8.self) == nil {
      report(.warning(SourceLocation(source, offset: source.firstInvalidByte), "not UTF-8", hint: "save the file as UTF-8"))
    }
  }
}

extension SourceText {
  /// The offset of the first line that is no UTF-8, or rather of the first byte beyond ASCII in it.
  fileprivate var firstInvalidByte: Int {
    let invalid = (0..<lineCount).first { String(validating: line($0), as: UTF8.self) == nil }
    let range = lineRange(invalid ?? 0)
    return bytes[range].firstIndex { $0 >= 0x80 } ?? range.lowerBound
  }
}
