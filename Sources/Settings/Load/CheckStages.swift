// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// The stages that header_checks and its siblings, and body_checks, at the top level make.
///
/// Without a block of its name each comes before all others, as Postfix's cleanup(8) comes before milters. A block `stage header_checks { }` gives it another
/// place and other options; what the block does not set comes from the top level.
struct CheckStages {
  private struct Kind {
    let name: String
    let lists: [Key<[TableReference]>]
    let limit: Key<Int>
  }

  private static let kinds = [
    Kind(name: "header_checks", lists: [Keys.headerChecks, Keys.mimeHeaderChecks, Keys.nestedHeaderChecks], limit: Keys.headerSizeLimit),
    Kind(name: "body_checks", lists: [Keys.bodyChecks], limit: Keys.bodyChecksSizeLimit),
  ]

  private let values: SettingValues
  private let listeners: [ListenerConfiguration]

  init(_ values: SettingValues, listeners: [ListenerConfiguration]) {
    self.values = values
    self.listeners = listeners
  }

  func complete(_ blocks: [StageBlock]) -> [StageBlock] {
    var blocks = blocks
    var implied: [StageBlock] = []
    for kind in Self.kinds {
      guard let place = place(kind) else { continue }
      if let index = blocks.firstIndex(where: { $0.name.text == kind.name }) {
        blocks[index] = restricted(filled(blocks[index], kind))
      } else {
        implied.append(restricted(block(kind, place)))
      }
    }
    return implied + blocks
  }

  /// `receive_override_options = no_header_body_checks`
  private func restricted(_ block: StageBlock) -> StageBlock {
    let checked = listeners.filter { !$0[Keys.receiveOverrideOptions].contains("no_header_body_checks") }.map(\.name)
    if checked.count == listeners.count { return block }
    var block = block
    block.listeners = (block.listeners ?? checked).filter(checked.contains)
    return block
  }

  /// Where the first of the settings stands that has a table; nil if none has.
  private func place(_ kind: Kind) -> SourceLocation? {
    let first = kind.lists.first { !values[$0].isEmpty }
    return first.map { values.entries[$0.name]?.place?.start ?? SourceLocation(SourceText(name: $0.name, text: ""), offset: 0) }
  }

  private func block(_ kind: Kind, _ place: SourceLocation) -> StageBlock {
    let name = Self.text(kind.name, at: place)
    var block = StageBlock(name: name, plugin: name)
    block.isImplied = true
    block.options = options(kind)
    return block
  }

  private func filled(_ block: StageBlock, _ kind: Kind) -> StageBlock {
    var block = block
    let own = Set(block.options.map(\.name.text))
    block.options += options(kind).filter { !own.contains($0.name.text) }
    return block
  }

  /// A list that is empty is said to be, or the plugin would take its default.
  private func options(_ kind: Kind) -> [StageBlock.Option] {
    let tables = kind.lists.flatMap { key in values[key].isEmpty ? [option(key.name, "")] : values[key].map { option(key.name, $0.written) } }
    return tables + [option(kind.limit.name, String(values[kind.limit]))]
  }

  private func option(_ name: String, _ value: String) -> StageBlock.Option {
    let place = values.entries[name]?.place?.start ?? SourceLocation(SourceText(name: name, text: ""), offset: 0)
    return StageBlock.Option(name: Self.text(name, at: place), value: Self.text(value, at: place))
  }

  private static func text(_ text: String, at place: SourceLocation) -> LocatedText {
    var located = LocatedText(at: place)
    located.append(Array(text.utf8), standingFor: place)
    return located
  }
}
