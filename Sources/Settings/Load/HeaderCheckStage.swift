// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// The stage that header_checks and its siblings at the top level make.
///
/// Without a block of its name it comes before all others, as Postfix's cleanup(8) comes before milters. A block `stage header_checks { }` gives it another place
/// and other options; what the block does not set comes from the top level.
struct HeaderCheckStage {
  static let name = "header_checks"

  private let values: SettingValues
  private let listeners: [ListenerConfiguration]

  init(_ values: SettingValues, listeners: [ListenerConfiguration]) {
    self.values = values
    self.listeners = listeners
  }

  func complete(_ blocks: [StageBlock]) -> [StageBlock] {
    guard let place else { return blocks }
    guard let index = blocks.firstIndex(where: { $0.name.text == Self.name }) else { return [restricted(implied(place))] + blocks }
    var blocks = blocks
    blocks[index] = restricted(filled(blocks[index]))
    return blocks
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
  private var place: SourceLocation? {
    let first = Self.lists.first { !values[$0].isEmpty }
    return first.map { values.entries[$0.name]?.place?.start ?? SourceLocation(SourceText(name: $0.name, text: ""), offset: 0) }
  }

  private static let lists = [Keys.headerChecks, Keys.mimeHeaderChecks, Keys.nestedHeaderChecks]

  private func implied(_ place: SourceLocation) -> StageBlock {
    let name = Self.text(Self.name, at: place)
    var block = StageBlock(name: name, plugin: name)
    block.isImplied = true
    block.options = options
    return block
  }

  private func filled(_ block: StageBlock) -> StageBlock {
    var block = block
    let own = Set(block.options.map(\.name.text))
    block.options += options.filter { !own.contains($0.name.text) }
    return block
  }

  /// A list that is empty is said to be, or the plugin would take its default.
  private var options: [StageBlock.Option] {
    let tables = Self.lists.flatMap { key in values[key].isEmpty ? [option(key.name, "")] : values[key].map { option(key.name, $0.written) } }
    return tables + [option(Keys.headerSizeLimit.name, String(values[Keys.headerSizeLimit]))]
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
