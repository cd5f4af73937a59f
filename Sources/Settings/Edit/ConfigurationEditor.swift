// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Changes settings in the text of a configuration and leaves everything else as it is: comments, order, layout.
///
/// A setting is changed in the file in which it counts, be that an included one; a new one goes to the end of the main file, or below the comment that
/// shows it. Nothing is written here: `changes` is what the files should hold, to be checked first.
package struct ConfigurationEditor {
  private let path: String
  private var edited: EditedFiles
  private var originals: [String: [UInt8]] = [:]

  package struct Change: Sendable {
    package let path: String
    package let old: [UInt8]
    package let new: [UInt8]
  }

  package init(path: String, files: any FileSource) {
    self.path = path
    edited = EditedFiles(files)
  }

  /// The files as they would be.
  package var files: any FileSource { edited }

  /// What differs, in the order of paths.
  package var changes: [Change] {
    edited.changed.keys.sorted().compactMap { path in
      guard let old = originals[path], let new = edited.changed[path], old != new else { return nil }
      return Change(path: path, old: old, new: new)
    }
  }

  package mutating func perform(_ edit: ConfigurationEdit) throws(EditError) {
    switch edit {
    case .set(let place, let value): try set(place, to: value)
    case .commentOut(let place): try takeOut(place) { $0.commentedOut() }
    case .remove(let place): try takeOut(place) { $0.removed() }
    }
  }

  private func parse() throws(EditError) -> Section {
    let (section, diagnostics) = Parser.parse(path: path, files: edited)
    if let failure = diagnostics.first(where: { $0.severity == .error && $0.location == nil }) { throw .unreadable(failure.message) }
    return section
  }

  private func section(of place: SettingPlace) throws(EditError) -> Section {
    let whole = try parse()
    guard let listener = place.listener else { return whole }
    return try block(listener, whole).section
  }

  private func block(_ name: String, _ section: Section) throws(EditError) -> Block {
    guard let block = section.blocks.last(where: { $0.kind.text == "listener" && $0.name?.text == name }) else { throw .noListener(name) }
    return block
  }

  private mutating func replace(_ source: SourceText, with bytes: [UInt8]) {
    if originals[source.name] == nil { originals[source.name] = source.bytes }
    edited.replace(source.name, with: bytes)
  }

  /// Every occurrence, so that the default counts again.
  private mutating func takeOut(_ place: SettingPlace, _ change: (WrittenSetting) -> [UInt8]?) throws(EditError) {
    var isFound = false
    while let setting = try section(of: place).settings.last(where: { $0.name.text == place.name }) {
      isFound = true
      let written = WrittenSetting(setting)
      guard let bytes = change(written) else { throw .onOneLine(place.title) }
      replace(written.source, with: bytes)
    }
    if !isFound { throw .notSet(place.title) }
  }

  private mutating func set(_ place: SettingPlace, to value: String) throws(EditError) {
    let found = try section(of: place).settings.last { $0.name.text == place.name }
    let isDovecot = place.listener != nil || found?.isDovecotValue ?? (Schema.origin(of: place.name) == .dovecot)
    let text = try Self.text(of: value, for: place, isDovecot: isDovecot)
    if let found {
      let written = WrittenSetting(found)
      replace(written.source, with: written.settingValue(Array(text.replacing("\n", with: written.source.lineEnding).utf8)))
    } else {
      try add(place, text)
    }
    try verify(place, value)
  }

  private mutating func add(_ place: SettingPlace, _ text: String) throws(EditError) {
    let whole = try parse()
    let line = "\(place.name) =\(text.isEmpty ? "" : " " + text)\n"
    if let listener = place.listener {
      let block = try block(listener, whole)
      guard let insertion = Insertion(into: block) else { throw .onOneLine(place.title) }
      replace(insertion.source, with: insertion.inserting(line))
    } else {
      let limit = Parser.maximumFileLength
      guard let bytes = try? edited.read(path, limit: limit) else { throw .unreadable("cannot read `\(path)`") }
      let insertion = Insertion(of: place.name, into: SourceText(name: path, bytes: bytes), blocks: whole.blocks)
      replace(insertion.source, with: insertion.inserting(line))
    }
  }

  /// How the value is written. Line feeds in it begin lines that continue it.
  private static func text(of value: String, for place: SettingPlace, isDovecot: Bool) throws(EditError) -> String {
    let lines = value.split(whereSeparator: \.isNewline).map { LocatedText(name: "", text: String($0)).trimmed.text }.filter { !$0.isEmpty }
    if isDovecot { return DovecotValue.written(lines.joined(separator: " ")) }
    return lines.joined(separator: "\n    ")
  }

  /// The file says now what was asked for, whatever stands around it.
  private func verify(_ place: SettingPlace, _ value: String) throws(EditError) {
    guard let setting = try section(of: place).settings.last(where: { $0.name.text == place.name }) else { throw .unwritable(place.title) }
    let read = setting.isDovecotValue ? DovecotValue(setting.rawValue).text : setting.rawValue
    let words = { (text: String) in text.split(whereSeparator: \.isWhitespace) }
    if words(read.text) != words(value) { throw .unwritable(place.title) }
  }
}
