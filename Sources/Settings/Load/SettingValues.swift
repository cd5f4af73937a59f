// SPDX-License-Identifier: Apache-2.0

/// The value of every setting at one level: the top level, or one listener.
package struct SettingValues: Sendable {
  /// One setting: what was written, what it expands to, what it means.
  struct Entry: Sendable {
    let written: String?
    let expanded: String
    let value: ParsedValue
  }

  private(set) var entries: [String: Entry] = [:]

  package subscript<Value>(key: Key<Value>) -> Value {
    entries[key.name].flatMap { key.extract($0.value) } ?? key.fallback
  }

  mutating func set(_ name: String, _ entry: Entry) { entries[name] = entry }

  /// What users named for themselves, to be used by other values; sorted.
  package var userDefinedNames: [String] { entries.keys.filter { Schema.anyDefinition($0) == nil }.sorted() }

  /// What stands in the file, or nil where the default counts.
  package func written(_ name: String) -> String? { entries[name]?.written }

  package func expanded(_ name: String) -> String? { entries[name]?.expanded }

  /// Every table that a setting names.
  func tableReferences() -> [ParsedValue] { entries.keys.sorted().compactMap { entries[$0]?.value } }
}
