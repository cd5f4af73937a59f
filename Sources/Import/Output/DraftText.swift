// SPDX-License-Identifier: Apache-2.0
import Settings

/// The text of a draft, and where each line of it went.
struct DraftText {
  private(set) var text = ""
  /// Offsets of whole lines in the text.
  private(set) var places: [(range: Range<Int>, place: DraftPlace)] = []
  private let draft: Draft

  init(_ draft: Draft, head: String) {
    self.draft = draft
    text = head
    addOwnNames()
    for area in Schema.areas { addArea(area) }
    for index in draft.blocks.indices { addBlock(index) }
  }

  func place(at offset: Int) -> DraftPlace? { places.first { $0.range.contains(offset) }?.place }

  func range(of place: DraftPlace) -> Range<Int>? { places.first { $0.place == place }?.range }

  private mutating func addOwnNames() {
    let indices = draft.lines.indices.filter { Schema.definition(draft.lines[$0].name) == nil }
    addGroup("Names of your own", indices)
  }

  private mutating func addArea(_ area: Area) {
    let order = Dictionary(area.definitions.enumerated().map { ($1.name, $0) }) { first, _ in first }
    let indices = draft.lines.indices.filter { order[draft.lines[$0].name] != nil && Schema.definition(draft.lines[$0].name) != nil }
    addGroup(area.title, indices.sorted { (order[draft.lines[$0].name] ?? 0, $0) < (order[draft.lines[$1].name] ?? 0, $1) })
  }

  private mutating func addGroup(_ title: String, _ indices: [Int]) {
    guard !indices.isEmpty else { return }
    text += "\n# \(title)\n"
    for index in indices {
      for comment in draft.lines[index].comments { text += comment + "\n" }
      add(draft.lines[index], .top(index), indent: "")
    }
  }

  private mutating func addBlock(_ index: Int) {
    let block = draft.blocks[index]
    let start = text.utf8.count + 1
    text += "\n\(block.kind) \(block.name) {\n"
    places.append((start..<text.utf8.count, .head(index)))
    for line in block.lines.indices { add(block.lines[line], .block(index, line: line), indent: "  ") }
    text += "}\n"
  }

  private mutating func add(_ line: DraftLine, _ place: DraftPlace, indent: String) {
    let value = indent.isEmpty ? line.value.replacing("\n", with: "\n    ") : Self.inBraces(line.value)
    let start = text.utf8.count
    text += value.isEmpty ? "\(indent)\(line.name) =\n" : "\(indent)\(line.name) = \(value)\n"
    places.append((start..<text.utf8.count, place))
  }

  /// Inside braces `#` starts a comment, a quote a quoted value, and a value is one line.
  private static func inBraces(_ value: String) -> String {
    let line = value.replacing("\n", with: " ")
    guard line.contains("#") || line.hasPrefix("\"") || line.hasPrefix("'") || line.hasSuffix("\\") || line.contains("{") && !line.contains("}")
    else {
      return line
    }
    return "\"\(line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
