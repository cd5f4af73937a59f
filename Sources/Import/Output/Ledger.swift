// SPDX-License-Identifier: Apache-2.0

/// What became of some lines.
package enum Verdict: String, CaseIterable, Sendable {
  /// Means the same in weir.conf, as it is.
  case kept
  /// Stands there in other words, or is not needed because Weir does it anyway.
  case translated
  /// Weir does not have it.
  case refused
}

/// One entry of an input, and what became of it.
package struct ReportItem: Sendable {
  package let path: String
  /// Counted from 1.
  package let lines: ClosedRange<Int>
  /// The entry on one line; nil for comments and empty lines.
  package let subject: String?
  package internal(set) var verdict: Verdict
  /// Why, or what stands in weir.conf instead.
  package internal(set) var notes: [String] = []
  /// Whether it is part of an entry above that has the same end, such as a line in a block.
  package internal(set) var isPart = false
  /// What is risky about it, kept or not.
  package internal(set) var dangers: [String] = []
}

/// An input, in the order of reading.
package struct InputFile: Sendable {
  package let path: String
  package let lineCount: Int
}

/// The account: every line of every input is in one of its items.
package struct Ledger: Sendable {
  package private(set) var inputs: [InputFile] = []
  package private(set) var items: [ReportItem] = []
  /// What counted without being written anywhere, such as defaults.
  package private(set) var notes: [String] = []
  package private(set) var generalDangers: [String] = []

  mutating func open(_ path: String, lineCount: Int) { inputs.append(InputFile(path: path, lineCount: lineCount)) }

  func hasRead(_ path: String) -> Bool { inputs.contains { $0.path == path } }

  /// Answers the number of the item, by which it can be amended.
  @discardableResult
  mutating func add(_ path: String, _ lines: ClosedRange<Int>, _ subject: String?, _ verdict: Verdict, _ notes: String...) -> Int {
    items.append(ReportItem(path: path, lines: lines, subject: subject, verdict: verdict, notes: notes))
    return items.count - 1
  }

  mutating func amend(_ item: Int?, _ verdict: Verdict, _ note: String) {
    guard let item, items.indices.contains(item) else { return addNote(note) }
    // What was refused once stays refused.
    if items[item].verdict != .refused { items[item].verdict = verdict }
    if !items[item].notes.contains(note) { items[item].notes.append(note) }
  }

  func isRefused(_ item: Int) -> Bool { items.indices.contains(item) && items[item].verdict == .refused }

  mutating func markAsPart(_ item: Int?) {
    if let item, items.indices.contains(item) { items[item].isPart = true }
  }

  mutating func warn(_ item: Int?, _ danger: String) {
    guard let item, items.indices.contains(item) else {
      if !generalDangers.contains(danger) { generalDangers.append(danger) }
      return
    }
    if !items[item].dangers.contains(danger) { items[item].dangers.append(danger) }
  }

  mutating func addNote(_ note: String) {
    if !notes.contains(note) { notes.append(note) }
  }
}
