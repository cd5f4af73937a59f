// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Reads the value of a setting such as smtpd_recipient_restrictions, and says everything that is wrong with it.
package struct RestrictionReader {
  /// What a list is read against.
  package struct Context {
    /// What a bare `type:table` is looked up by.
    let subject: AccessSubject?
    /// A list of smtpd_restriction_classes, or the words of a table.
    let isClass: Bool
    /// The names of `smtpd_restriction_classes`.
    let classes: Set<String>
    let readTable: (TableReference) -> (table: Table?, diagnostics: [Diagnostic])

    package init(
      point: RestrictionPoint?, classes: Set<String>, readTable: @escaping (TableReference) -> (table: Table?, diagnostics: [Diagnostic])
    ) {
      subject = point?.subject
      isClass = point == nil
      self.classes = classes
      self.readTable = readTable
    }
  }

  let context: Context
  private var elements: ArraySlice<LocatedText> = []
  private var items: [Read] = []
  private(set) var diagnostics: [Diagnostic] = []

  private init(_ context: Context) { self.context = context }

  /// With an error among the diagnostics the list holds what could be read.
  package static func read(_ text: LocatedText, _ context: Context) -> (list: RestrictionList, diagnostics: [Diagnostic]) {
    var reader = RestrictionReader(context)
    reader.elements = text.elements()[...]
    while let element = reader.elements.popFirst() { reader.read(element) }
    reader.adviseOnOrder()
    return (RestrictionList(reader.items.map(\.item)), reader.diagnostics)
  }

  private mutating func read(_ element: LocatedText) {
    let written = element.text
    let word = written.lowercased()
    let name = RestrictionWords.oldSpellings[word] ?? word
    if let restriction = RestrictionWords.simple[name] { return add(restriction, element) }
    if let list = RestrictionWords.lists[name] { return readList(element, list.subject, isWelcome: list.isWelcome) }
    if let access = RestrictionWords.access(name) { return readAccess(element, access.subject, access.servers) }
    if name == "check_policy_service" { return readPolicy(element) }
    if name == "check_ccert_access" { return readCertificateAccess(element) }
    if name == "sleep" { return readSleep(element) }
    if context.classes.contains(written) { return add(.named(written), element) }
    if let reference = TableReference(element) { return readBareTable(element, reference) }
    reportUnknown(element, name)
  }

  mutating func add(_ restriction: Restriction, _ element: LocatedText, to end: LocatedText? = nil) {
    let title = end.map { "\(element.text) \($0.text)" } ?? element.text
    items.append(Read(item: RestrictionList.Item(restriction: restriction, title: title, place: Self.place(element)), place: element))
  }

  private static func place(_ element: LocatedText) -> String {
    let location = element.location(at: 0)
    return "\(location.source.name):\(location.line)"
  }

  mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  /// The element after `word`; nil, and reported, if there is none.
  mutating func argument(of word: LocatedText, _ what: String, hint: String) -> LocatedText? {
    if let next = elements.popFirst() { return next }
    report(.error(word, "`\(word.text)` must be followed by \(what)", hint: hint))
    return nil
  }

  private mutating func reportUnknown(_ element: LocatedText, _ name: String) {
    if let instead = RestrictionWords.others[name] {
      skipArgument(of: name)
      return report(.error(element, "the restriction `\(element.text)` is Postfix's, and Weir does not have it", hint: instead))
    }
    let meant = Suggestion(RestrictionWords.all + context.classes.sorted()).nearest(to: name).map { "did you mean `\($0)`?" }
    report(.error(element, "unknown restriction `\(element.text)`", hint: meant ?? "a list of your own is named in smtpd_restriction_classes"))
  }

  private mutating func skipArgument(of name: String) {
    if name.hasPrefix("check_"), name.hasSuffix("_access"), let next = elements.first, TableReference(next) != nil || next.group != nil {
      elements.removeFirst()
    }
  }

  private mutating func readSleep(_ word: LocatedText) {
    guard let number = argument(of: word, "a number of seconds", hint: "sleep 1") else { return }
    guard let seconds = Int(number.text), (0...3600).contains(seconds) else {
      return report(.error(number, "expected a number of seconds, not `\(number.text)`", hint: "sleep 1"))
    }
    add(.sleep(seconds: seconds), word, to: number)
  }

  // MARK: Order

  private struct Read {
    let item: RestrictionList.Item
    let place: LocatedText
  }

  private mutating func adviseOnOrder() {
    for (index, read) in items.enumerated() {
      let isLast = index + 1 == items.count
      if case .warnIfReject = read.item.restriction, isLast {
        report(.warning(read.place, "`warn_if_reject` has no effect at the end: there is no restriction after it"))
      }
      if !isLast, isFinal(at: index) {
        report(.warning(items[index + 1].place, "what comes after `\(read.item.title)` is never reached", hint: "remove it, or move it before"))
        return
      }
    }
  }

  private func isFinal(at index: Int) -> Bool {
    if index > 0, case .warnIfReject = items[index - 1].item.restriction { return false }
    switch items[index].item.restriction {
    case .permit, .reject, .defer: return true
    default: return false
    }
  }
}
