// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The place for a line that is new.
struct Insertion {
  let source: SourceText
  private let offset: Int
  private let indentation: [UInt8]

  /// Before the brace that closes the block; nil if that has no line of its own.
  init?(into block: Block) {
    guard let closing = block.closing else { return nil }
    source = closing.source
    let line = source.lineRange(source.lineIndex(at: closing.offset))
    let margin = source.bytes[line.lowerBound..<closing.offset]
    guard margin.allSatisfy(\.isBlank) else { return nil }
    offset = line.lowerBound
    indentation = Self.indentation(of: block.section.settings.last { $0.name.start.source === closing.source }) ?? Array(margin) + [0x20, 0x20]
  }

  /// Below the last comment of the form `#name =` at the top level, else at the end.
  init(of name: String, into source: SourceText, blocks: [Block]) {
    self.source = source
    indentation = []
    let sample = (0..<source.lineCount).last { Self.isSample(source.line($0), of: name) && Self.isFree(after: $0, source, blocks) }
    offset = sample.map { source.fullLine($0).endIndex } ?? source.bytes.count
  }

  func inserting(_ line: String) -> [UInt8] {
    let ending = source.lineEnding
    let needsBreak = offset > 0 && source.bytes[offset - 1] != UInt8(ascii: "\n")
    let text = (needsBreak ? ending : "") + String(decoding: indentation, as: UTF8.self) + line.replacing("\n", with: ending)
    return Array(source.bytes[..<offset]) + Array(text.utf8) + source.bytes[offset...]
  }

  private static func indentation(of setting: Setting?) -> [UInt8]? {
    guard let start = setting?.name.start else { return nil }
    let margin = start.source.bytes[start.source.lineRange(start.line - 1).lowerBound..<start.offset]
    return margin.allSatisfy(\.isBlank) ? Array(margin) : nil
  }

  private static func isSample(_ line: ArraySlice<UInt8>, of name: String) -> Bool {
    guard line.first == UInt8(ascii: "#"), line.dropFirst().starts(with: name.utf8) else { return false }
    return line.dropFirst(1 + name.utf8.count).first { !$0.isBlank } == UInt8(ascii: "=")
  }

  /// Not within a block, and not between the lines of one value.
  private static func isFree(after index: Int, _ source: SourceText, _ blocks: [Block]) -> Bool {
    let isInBlock = blocks.contains { block in
      guard block.kind.start.source.name == source.name else { return false }
      let last = block.closing.map { source.lineIndex(at: $0.offset) } ?? source.lineCount
      return (block.kind.start.line - 1..<max(block.kind.start.line, last)).contains(index)
    }
    let next = (index + 1..<max(index + 1, source.lineCount)).lazy.map { LocatedText(source, source.lineRange($0)) }.first { !$0.isBlankOrComment }
    return !isInBlock && next?.startsWithBlank != true
  }
}
