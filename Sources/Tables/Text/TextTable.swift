// SPDX-License-Identifier: Apache-2.0
import CBytes
import Diagnostics

/// Keys with a value each, found through open addressing in the text they were written in: an entry costs five bytes besides its own.
///
/// Keys are compared without regard to case.
final class TextTable: Sendable {
  typealias Bytes = UnsafeRawBufferPointer

  /// How the text is written.
  enum Form: Sendable {
    /// `key value` on a line, `"key with blanks" value`, continued by lines that start with white space.
    case lines
    /// The key, NUL, the value, and a line feed.
    case packed
  }

  /// One entry, where it stands in the text.
  struct Entry {
    let key: Range<Int>
    /// What follows the key.
    let rest: Int
    var value: Range<Int>
    /// The text that the value is in, if it is not the table's: an entry of several lines, put together.
    var joined: [UInt8]?
  }

  let count: Int
  private let contents: FileContents
  private let form: Form
  private let index: TextIndex

  init(_ contents: FileContents, _ form: Form, _ index: TextIndex) {
    self.contents = contents
    self.form = form
    self.index = index
    count = index.count
  }

  func value(for key: Bytes) -> String? {
    contents.withBytes { text in
      index.withSlots { slots in
        let slot = slots[slots.find(key, FoldedKey.hash(key), text, form)]
        return slot == 0 ? nil : valueText(text, entry(text, slots.place(slot)))
      }
    }
  }

  func value(for key: String) -> String? {
    var key = key
    return key.withUTF8 { value(for: Bytes($0)) }
  }

  /// The value, and the line or the number of the entry.
  func answer(for key: Bytes) -> (value: String, line: Int)? {
    contents.withBytes { text in
      index.withSlots { slots in
        let slot = slots[slots.find(key, FoldedKey.hash(key), text, form)]
        if slot == 0 { return nil }
        let place = slots.place(slot)
        return (valueText(text, entry(text, place)), text[..<place.begin].count { $0 == 0x0a } + 1)
      }
    }
  }

  private func valueText(_ text: Bytes, _ entry: Entry) -> String {
    guard let joined = entry.joined else { return String(decoding: text[entry.value], as: UTF8.self) }
    return String(decoding: joined[entry.value], as: UTF8.self)
  }

  private func entry(_ text: Bytes, _ place: TextSlots.Place) -> Entry {
    read(text, place.begin..<LogicalLines.endOfLine(text, from: place.begin), isContinued: place.isContinued)
  }

  private func read(_ text: Bytes, _ line: Range<Int>, isContinued: Bool) -> Entry {
    var entry = form.entry(text, line)
    if isContinued, form == .lines {
      let joined = LogicalLines.joined(text, from: line.lowerBound)
      entry.value = joined.withUnsafeBytes { Self.trimmed($0, (entry.rest - line.lowerBound)..<$0.count) }
      entry.joined = joined
    }
    return entry
  }
}

extension TextTable.Form {
  typealias Bytes = UnsafeRawBufferPointer

  func line(_ text: Bytes, from begin: Int) -> Range<Int> { begin..<LogicalLines.endOfLine(text, from: begin) }

  /// The entry of one line.
  func entry(_ text: Bytes, _ line: Range<Int>) -> TextTable.Entry {
    guard self == .packed else { return TextTable.split(text, line) }
    let separator = text[line].firstIndex(of: 0) ?? line.upperBound
    return TextTable.Entry(key: line.lowerBound..<separator, rest: separator, value: min(separator + 1, line.upperBound)..<line.upperBound)
  }

  /// Whether it has the key by another spelling of letters beyond ASCII, which may be of another length. Asked only if the hashes are alike.
  @inline(never)
  func holdsFolded(_ key: Bytes, _ text: Bytes, at begin: Int) -> Bool {
    CaseFolding.areEqual(key, Bytes(rebasing: text[entry(text, line(text, from: begin)).key]))
  }

  /// Whether the entry whose line begins at `begin` has this key, by ASCII alone.
  func holds(_ key: Bytes, _ text: Bytes, at begin: Int) -> Bool {
    let end = begin + key.count
    guard end < text.count else { return false }
    switch self {
    case .packed: return text[end] == 0 && FoldedKey.areEqual(key, Bytes(rebasing: text[begin..<end]))
    case .lines:
      if text[begin] == UInt8(ascii: "\"") {
        let line = begin..<LogicalLines.endOfLine(text, from: begin)
        return FoldedKey.areEqual(key, Bytes(rebasing: text[TextTable.split(text, line).key]))
      }
      guard text[end].isBlankByte, FoldedKey.areEqual(key, Bytes(rebasing: text[begin..<end])) else { return false }
      // A key with blanks stands in quotes, so here it is more than a key.
      return !key.contains(where: \.isBlankByte)
    }
  }
}

extension TextTable {
  /// A key with blanks stands in double quotes.
  static func split(_ text: Bytes, _ line: Range<Int>) -> Entry {
    if line.count > 1, text[line.lowerBound] == UInt8(ascii: "\""),
      let quote = text[(line.lowerBound + 1)..<line.upperBound].firstIndex(of: UInt8(ascii: "\""))
    {
      let closesKey = quote + 1 == line.upperBound || text[quote + 1].isBlankByte
      if closesKey { return Entry(key: (line.lowerBound + 1)..<quote, rest: quote + 1, value: trimmed(text, (quote + 1)..<line.upperBound)) }
    }
    var end = line.lowerBound
    while end < line.upperBound, !text[end].isBlankByte { end += 1 }
    return Entry(key: line.lowerBound..<end, rest: end, value: trimmed(text, end..<line.upperBound))
  }

  private static func trimmed(_ text: Bytes, _ range: Range<Int>) -> Range<Int> {
    var (begin, end) = (range.lowerBound, range.upperBound)
    while begin < end, text[begin].isBlankByte { begin += 1 }
    while end > begin, text[end - 1].isBlankByte { end -= 1 }
    return begin..<end
  }
}

extension TextTable {
  /// All entries, in the order in which they came; the keys are folded.
  var entries: [(key: String, value: String)] {
    contents.withBytes { text in
      let places = index.withSlots { slots in slots.places }
      return places.sorted { $0.begin < $1.begin }.map { place in told(text, entry(text, place)) }
    }
  }

  /// The first entry whose value ends in another byte than this one.
  func firstEntry(notEndingIn last: UInt8) -> (key: String, value: String)? {
    contents.withBytes { text in
      // Line after line: the slots are in no order, and each would be another page of the text.
      var lines = LogicalLines(text)
      while let line = lines.next() {
        let written = read(text, line.first, isContinued: line.isContinued)
        let value = written.joined.map { $0[written.value].last } ?? text[written.value].last
        if value != last, isFirst(written, text, line.first.lowerBound) { return told(text, written) }
      }
      return nil
    }
  }

  /// What `checks` says of each entry's value. A value is said to stand where its entry begins.
  func diagnostics(_ checks: ValueCheck, named reference: TableReference) -> [Diagnostic] {
    contents.withBytes { text in
      let places = index.withSlots { slots in slots.places }
      var (found, counted, lines): ([Diagnostic], Int, Int) = ([], 0, 0)
      for place in places.sorted(by: { $0.begin < $1.begin }) where found.count < TextTableReader.maximumDiagnostics {
        lines += text[counted..<place.begin].count { $0 == 0x0a }
        counted = place.begin
        let source = SourceText(name: reference.name.text, bytes: Array(text[form.line(text, from: place.begin)]), firstLine: lines)
        let start = form == .packed ? reference.name.start : SourceLocation(source, offset: 0)
        var value = LocatedText(at: start)
        value.append(Array(told(text, entry(text, place)).value.utf8), standingFor: start)
        found += checks(value, false)
      }
      return found
    }
  }

  private func told(_ text: Bytes, _ entry: Entry) -> (key: String, value: String) {
    (String(decoding: CaseFolding.fold(text[entry.key]), as: UTF8.self), valueText(text, entry))
  }

  /// Whether the entry at this place is the one that its key finds.
  private func isFirst(_ entry: Entry, _ text: Bytes, _ begin: Int) -> Bool {
    let key = Bytes(rebasing: text[entry.key])
    return index.withSlots { slots in
      let slot = slots[slots.find(key, FoldedKey.hash(key), text, form)]
      return slot != 0 && slots.place(slot).begin == begin
    }
  }
}
