// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Checks the actions of a table when it is read: in Postfix a wrong one shows when the first client meets it.
struct AccessCheck {
  let classes: Set<String>

  struct Fault {
    let message: String
    let hint: String?
  }

  /// More faults of one table are not worth a line each.
  static let maximumFaults = 5

  func faults(in table: AccessTable) -> [Fault] {
    var faults: [Fault] = []
    var seen: Set<String> = []
    for entry in table.table.answers where !isFilledIn(entry) {
      guard seen.insert(entry.value).inserted, let fault = fault(of: entry.value) else { continue }
      let place = entry.key.map { "`\(table.name)`, entry `\($0)`" } ?? "`\(table.name)`"
      faults.append(Fault(message: "\(place): \(fault.message)", hint: fault.hint))
      if faults.count == Self.maximumFaults { break }
    }
    return faults
  }

  /// A rule whose action, or its address, comes from what it matched: seen when it matches. Only what is no action at all is told before.
  private func isFilledIn(_ entry: (key: String?, value: String)) -> Bool {
    entry.key == nil && entry.value.contains("$")
  }

  /// What is wrong with an action; nil if nothing is.
  func fault(of value: String) -> Fault? {
    switch AccessAction(value) {
    case .filter(let filter):
      if filter.contains(":"), !filter.hasPrefix(":") { return nil }
      return Fault(message: "`\(value)` needs a transport and a next hop", hint: "FILTER smtp:[127.0.0.1]:10025")
    case .redirect(let address), .bcc(let address):
      if address.contains("@"), !address.contains(" ") { return nil }
      return Fault(message: "`\(value)` needs an address", hint: "REDIRECT user@example.com")
    case .prepend(let line):
      return isHeader(line) ? nil : Fault(message: "`\(value)` needs a header field", hint: "PREPEND X-Seen: yes")
    case .restrictions(let words): return fault(ofRestrictions: words)
    default: return nil
    }
  }

  /// RFC 5322 §2.2: `field-name ":" …`
  func isHeader(_ line: String) -> Bool {
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return false }
    return line[..<colon].utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  private func fault(ofRestrictions words: String) -> Fault? {
    if words.isEmpty { return Fault(message: "an empty action", hint: "OK, or DUNNO") }
    let (_, diagnostics) = Self.read(words, classes: classes)
    guard let first = diagnostics.first(where: { $0.severity == .error }) else { return nil }
    let isOneWord = !words.contains(" ")
    return Fault(message: isOneWord ? "unknown action `\(words)`" : "`\(words)`: \(first.message)", hint: first.hint)
  }

  /// As Postfix: no table and no policy server within a table; a class of restrictions can have them.
  static func read(_ words: String, classes: Set<String>) -> (list: RestrictionList, diagnostics: [Diagnostic]) {
    let context = RestrictionReader.Context(point: nil, classes: classes) { reference in
      let hint = "name a list of smtpd_restriction_classes that has the table"
      return (nil, [.error(reference.name, "a table cannot stand within a table", hint: hint)])
    }
    return RestrictionReader.read(LocatedText(name: "access table", text: words), context)
  }
}
