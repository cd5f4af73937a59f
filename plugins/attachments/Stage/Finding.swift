// SPDX-License-Identifier: Apache-2.0
import Message

/// What was found in a message, where, and what the policy says to it.
struct Finding: Equatable, Sendable {
  let rule: Policy.Rule
  /// From the attachment inwards: `a.zip`, `b.zip`, `virus.exe`. Of one without a name its type.
  let path: [String]
  /// The part that is an attachment of the message itself, in the message's body; nil: it is the message.
  let place: Range<Int>?

  static let maximum = 100

  var deed: Deed { rule.deed }

  /// As `attachments.matched` shows it: at most 200 bytes, of which the last ones are kept.
  var matched: String {
    let whole = path.joined(separator: "/")
    return whole.utf8.count <= 200 ? whole : "…" + String(decoding: whole.utf8.suffix(190).drop { $0 & 0xc0 == 0x80 }, as: UTF8.self)
  }

  /// For the reply, the log and the note: `attachment "a.zip" is not accepted here (virus.exe in it: program)`
  var text: String { "attachment \"\(short(path.first))\" is not accepted here (\(why))" }

  var why: String { path.count > 1 ? "\(short(path.last)) in it: \(rule.reason)" : rule.reason }

  private func short(_ name: String?) -> String {
    let name = name ?? ""
    let base = name.lastIndex { $0 == "/" || $0 == "\\" }.map { name[name.index(after: $0)...] } ?? name[...]
    let word = base.isEmpty ? name[...] : base
    return word.count <= 60 ? String(word) : word.prefix(30) + "…" + word.suffix(29)
  }
}

/// Findings as they come up; the severest decides.
struct Findings: Sendable {
  private(set) var all: [Finding] = []

  var severest: Finding? { all.max { $0.deed < $1.deed } }
  /// Nothing that is still to come could change what becomes of the message.
  var isDecided: Bool { severest?.deed == .refuse }

  mutating func add(_ rule: Policy.Rule?, _ path: [String], _ place: Range<Int>?) {
    guard let rule, rule.deed > .pass else { return }
    let finding = Finding(rule: rule, path: path, place: place)
    if all.contains(finding) { return }
    // Beyond the limit only what is severer than all before counts.
    if all.count < Finding.maximum || (severest.map { $0.deed < finding.deed } ?? true) { all.append(finding) }
  }

  mutating func add(_ other: Findings) { for finding in other.all { add(finding.rule, finding.path, finding.place) } }
}
