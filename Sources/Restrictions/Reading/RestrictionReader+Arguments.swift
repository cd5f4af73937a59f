// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Restrictions that are followed by what they need.
extension RestrictionReader {
  mutating func readAccess(_ word: LocatedText, _ subject: AccessSubject, _ servers: ServerKind?) {
    guard let argument = argument(of: word, "a table", hint: "\(word.text) hash:/etc/postfix/access"), let table = table(argument, after: word) else {
      return
    }
    add(servers.map { .serverAccess(subject, $0, table) } ?? .access(subject, table), word, to: argument)
  }

  /// Postfix's short form: `smtpd_client_restrictions = hash:/etc/postfix/access`.
  mutating func readBareTable(_ element: LocatedText, _ reference: TableReference) {
    if context.isClass {
      if let table = table(element, after: element) { add(.bareAccess(table), element) }
      return
    }
    guard let subject = context.subject else {
      return report(
        .error(
          element, "here a table needs a word that says what to look up",
          hint: "check_client_access, check_helo_access, check_sender_access or check_recipient_access \(element.text)"))
    }
    if let table = table(element, after: element) { add(.access(subject, table), element) }
  }

  mutating func table(_ element: LocatedText, after word: LocatedText) -> AccessTable? {
    guard let reference = TableReference(element) else {
      let hint =
        element.bytes.first == UInt8(ascii: "/")
        ? "did you mean `hash:\(element.text)`?" : "a table is `type:name`, such as `hash:/etc/postfix/access`"
      report(.error(element, "`\(word.text)` must be followed by a table, not `\(element.text)`", hint: hint))
      return nil
    }
    let (table, found) = context.readTable(reference)
    found.forEach { report($0) }
    guard let table else { return nil }
    if table.isSystemUsers {
      report(.error(element, "`\(reference.description)` holds no actions", hint: "an access table has lines such as `example.com REJECT`"))
      return nil
    }
    return checked(AccessTable(name: reference.description, table: table), element)
  }

  /// A wrong action in a table would show only when a client comes.
  private mutating func checked(_ table: AccessTable, _ place: LocatedText) -> AccessTable {
    for fault in AccessCheck(classes: context.classes).faults(in: table) { report(.error(place, fault.message, hint: fault.hint)) }
    return table
  }

  mutating func readList(_ word: LocatedText, _ subject: ListSubject, isWelcome: Bool) {
    guard let argument = argument(of: word, "the name of a list in the DNS", hint: "\(word.text) zen.example.org") else { return }
    guard let lists = lists(argument, after: word) else { return }
    if isWelcome, lists.lists.contains(where: { $0.weight < 0 }) {
      return report(.error(argument, "weights below 0 are for lists that refuse"))
    }
    add(isWelcome ? .welcomed(subject, lists) : .blocked(subject, lists), word, to: argument)
  }

  private mutating func lists(_ argument: LocatedText, after word: LocatedText) -> DNSLists? {
    guard let group = argument.group else {
      guard let list = list(argument, after: word) else { return nil }
      if list.weight != 1 {
        report(
          .error(
            argument, "a weight has a meaning among several lists only", hint: "\(word.text) { \(argument.text), other.example.org, threshold=2 }"))
      }
      return DNSLists(lists: [list], threshold: 1)
    }
    var lists: [DNSList] = []
    var threshold = 1
    for element in group.elements() {
      if element.text.hasPrefix("threshold=") {
        guard let number = Int(element.text.dropFirst(10)), number > 0 else {
          report(.error(element, "the threshold is a number above 0", hint: "threshold=3"))
          continue
        }
        threshold = number
      } else if let list = list(element, after: word) {
        lists.append(list)
      }
    }
    return checked(lists, threshold, argument)
  }

  private mutating func checked(_ lists: [DNSList], _ threshold: Int, _ place: LocatedText) -> DNSLists? {
    if lists.isEmpty {
      report(.error(place, "expected the names of lists in the DNS", hint: "{ zen.example.org*2, bl.example.org, threshold=2 }"))
      return nil
    }
    let most = lists.reduce(0) { $0 + max(0, $1.weight) }
    if most < threshold { report(.error(place, "all these lists together weigh \(most): the threshold of \(threshold) is never reached")) }
    return DNSLists(lists: lists, threshold: threshold)
  }

  private mutating func list(_ element: LocatedText, after word: LocatedText) -> DNSList? {
    if let list = DNSList(element.text) { return list }
    let hint = "zen.example.org, or zen.example.org=127.0.0.[2..4] for some of its answers"
    report(.error(element, "`\(word.text)` must be followed by the name of a list in the DNS, not `\(element.text)`", hint: hint))
    return nil
  }
}
