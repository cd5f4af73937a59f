// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Restrictions

/// The value of every setting at one level: the top level, or one listener.
package struct SettingValues: Sendable {
  /// One setting: what was written, what it expands to, what it means.
  struct Entry: Sendable {
    let written: String?
    let expanded: String
    let value: ParsedValue
    /// Where it stands in the file; nil for a default.
    var place: LocatedText?
  }

  private(set) var entries: [String: Entry] = [:]

  package subscript<Value>(key: Key<Value>) -> Value {
    entries[key.name].flatMap { key.extract($0.value) } ?? key.fallback
  }

  /// A setting that has a key only by its family.
  func value<Value>(_ name: String, as key: Key<Value>) -> Value? { entries[name].flatMap { key.extract($0.value) } }

  /// Settings of single transports that are written, sorted.
  package var transportNames: [String] { entries.keys.filter(Schema.isOfTransport).sorted() }

  mutating func set(_ name: String, _ entry: Entry) { entries[name] = entry }

  /// What users named for themselves, to be used by other values; sorted.
  package var userDefinedNames: [String] { entries.keys.filter { Schema.anyDefinition($0) == nil }.sorted() }

  /// What stands in the file, or nil where the default counts.
  package func written(_ name: String) -> String? { entries[name]?.written }

  /// Where one of these settings names something, such as a file; nil if only defaults do.
  package func place(of text: String, in names: [String]) -> LocatedText? {
    for place in names.compactMap({ entries[$0]?.place }) {
      guard let range = place.bytes.firstRange(of: Array(text.utf8)) else { continue }
      return place[range]
    }
    return nil
  }

  package func expanded(_ name: String) -> String? { entries[name]?.expanded }

  /// The lists of smtpd_restriction_classes.
  package var restrictionClasses: [String: RestrictionList] {
    var classes: [String: RestrictionList] = [:]
    for name in self[Keys.smtpdRestrictionClasses] {
      if case .restrictions(let list)? = entries[name]?.value { classes[name] = list }
    }
    return classes
  }

  /// Every table that a setting names.
  func tableReferences() -> [ParsedValue] { entries.keys.sorted().compactMap { entries[$0]?.value } }
}
