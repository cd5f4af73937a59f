// SPDX-License-Identifier: Apache-2.0
import Message
import WeirPlugin

/// Where the options come from: the host, or a test.
protocol OptionSource {
  func string(_ name: String) -> String
  func bool(_ name: String) -> Bool
  func int(_ name: String) -> Int
  func all(_ name: String) -> [String]
}

extension Options: OptionSource {}

/// What becomes of a message, from the mildest on.
enum Deed: Int, Comparable, CaseIterable, Sendable {
  case pass, tag, strip, hold, discard, refuse

  var word: String { "\(self)" }
  init?(word: String) {
    guard let deed = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = deed
  }

  static func < (left: Deed, right: Deed) -> Bool { left.rawValue < right.rawValue }
}

/// What the options say, looked up by what is found.
struct Policy: Sendable {
  struct Rule: Equatable, Sendable {
    let deed: Deed
    /// As `attachments.rule` shows it: `refuse_extensions: exe`.
    let name: String
    /// For people.
    let reason: String
  }

  struct Limits: Sendable {
    var depth = 5
    var entries = 10_000
    var size = 256 << 20
    var memory = 64 << 20
    var ratio = 250
    /// Microseconds of processor time.
    var time: Int64 = 5_000_000
  }

  private(set) var extensions: [String: Rule] = [:]
  private(set) var types: [FileType: Rule] = [:]
  private(set) var mimeTypes: [String: Rule] = [:]
  let doubleExtensions: Deed
  let reversedNames: Deed
  let encrypted: Deed
  let broken: Deed
  let overLimit: Deed
  let opensArchives: Bool
  let maximumCount: Int
  let maximumSize: Int
  private(set) var limits = Limits()

  /// Whether content has to be decoded at all.
  var looksInside: Bool { !types.isEmpty || opensArchives }

  init(_ options: any OptionSource) throws(Refusal) {
    doubleExtensions = try Self.deed(options, "double_extensions")
    reversedNames = try Self.deed(options, "reversed_names")
    encrypted = try Self.deed(options, "encrypted")
    broken = try Self.deed(options, "broken")
    overLimit = try Self.deed(options, "over_limit")
    opensArchives = options.bool("archives")
    maximumCount = options.int("attachment_count_limit")
    maximumSize = options.int("attachment_size_limit")
    limits.depth = try Self.positive(options, "archive_depth_limit")
    limits.entries = try Self.positive(options, "archive_entry_limit")
    limits.size = try Self.positive(options, "archive_size_limit")
    limits.memory = try Self.positive(options, "archive_memory_limit")
    limits.ratio = try Self.positive(options, "archive_ratio_limit")
    limits.time = Int64(clamping: try Self.positive(options, "archive_time_limit")).multipliedReportingOverflow(by: 1000).partialValue
    try readLists(options)
  }

  private static func deed(_ options: any OptionSource, _ name: String) throws(Refusal) -> Deed {
    let word = options.string(name)
    guard let deed = Deed(word: word) else {
      throw Refusal("\(name): `\(word)` is none of \(Deed.allCases.map(\.word).joined(separator: ", "))")
    }
    return deed
  }

  private static func positive(_ options: any OptionSource, _ name: String) throws(Refusal) -> Int {
    let value = options.int(name)
    guard value > 0 else { throw Refusal("\(name): must be more than 0, not \(value)") }
    return value
  }

  // MARK: Lists

  private mutating func readLists(_ options: any OptionSource) throws(Refusal) {
    var (extensions, types, mimeTypes) = (RuleList(.extensions), RuleList(.types), RuleList(.mimeTypes))
    for deed in Deed.allCases where deed != .pass {
      try extensions.read(options, deed)
      try types.read(options, deed)
      try mimeTypes.read(options, deed)
    }
    (self.extensions, self.mimeTypes) = (extensions.rules, mimeTypes.rules)
    for (word, rule) in types.rules { if let type = FileType(rawValue: word) { self.types[type] = rule } }
  }

  func rule(mimeType: String) -> Rule? {
    if let rule = mimeTypes[mimeType] { return rule }
    guard let slash = mimeType.firstIndex(of: "/") else { return nil }
    return mimeTypes[mimeType[..<slash] + "/*"]
  }

  /// The severest rule about a name, and its word.
  func rule(_ name: FileName) -> Rule? {
    var found: [Rule] = name.extensions.compactMap { extensions[$0.hasPrefix("{") ? "{clsid}" : $0] }
    if doubleExtensions > .pass, let word = name.inner.first(where: { extensions[$0] != nil }) {
      found.append(Rule(deed: doubleExtensions, name: "double_extensions: \(word)", reason: "double extension"))
    }
    if reversedNames > .pass, name.overridesDirection {
      found.append(Rule(deed: reversedNames, name: "reversed_names", reason: "its name is shown reversed"))
    }
    return found.max { $0.deed < $1.deed }
  }
}

/// The lists `refuse_extensions`, `hold_extensions`, … of one kind put together: which word has which rule.
struct RuleList {
  enum Kind: String { case extensions, types, mimeTypes = "mime_types" }

  private let kind: Kind
  private(set) var rules: [String: Policy.Rule] = [:]
  /// Words that stand in a list themselves, and which: they go before those of `default`.
  private var explicit: [String: String] = [:]

  init(_ kind: Kind) { self.kind = kind }

  mutating func read(_ options: any OptionSource, _ deed: Deed) throws(Refusal) {
    let option = "\(deed.word)_\(kind.rawValue)"
    let words = options.all(option).flatMap { $0.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == "\n" } }.map { $0.lowercased() }
    var removed: Set<String> = []
    for word in words where word.hasPrefix("-") { removed.insert(try checked(String(word.dropFirst()), option)) }
    for word in words where !word.hasPrefix("-") {
      if word == "default" {
        for (word, reason) in defaults where !removed.contains(word) && explicit[word] == nil { set(word, deed, option, reason) }
      } else {
        try take(checked(word, option), deed, option)
      }
    }
  }

  private mutating func take(_ word: String, _ deed: Deed, _ option: String) throws(Refusal) {
    if let other = explicit[word], other != option { throw Refusal("`\(word)` is in \(other) and in \(option)") }
    explicit[word] = option
    set(word, deed, option, defaults[word] ?? (kind == .extensions ? "name ends in .\(word)" : "type \(word)"))
  }

  private mutating func set(_ word: String, _ deed: Deed, _ option: String, _ reason: String) {
    rules[word] = Policy.Rule(deed: deed, name: "\(option): \(word)", reason: reason)
  }

  private var defaults: [String: String] {
    switch kind {
    case .extensions: DefaultLists.extensions
    case .types: DefaultLists.types
    case .mimeTypes: DefaultLists.mimeTypes
    }
  }

  private func checked(_ word: String, _ option: String) throws(Refusal) -> String {
    switch kind {
    case .extensions:
      let name = word.hasPrefix("*.") ? String(word.dropFirst(2)) : word.hasPrefix(".") ? String(word.dropFirst()) : word
      guard !name.isEmpty, !name.contains(where: { "./\\*?".contains($0) }) else {
        throw Refusal("\(option): `\(word)` is no extension, such as exe")
      }
      return name
    case .types:
      guard DefaultLists.typeWords.contains(word) else {
        throw Refusal("\(option): there is no type `\(word)`; the types are \(DefaultLists.typeWords.sorted().joined(separator: ", "))")
      }
      return word
    case .mimeTypes:
      guard word.split(separator: "/", omittingEmptySubsequences: false).count == 2, !word.hasPrefix("/"), !word.hasSuffix("/") else {
        throw Refusal("\(option): `\(word)` is no MIME type, such as application/zip or image/*")
      }
      return word
    }
  }
}
