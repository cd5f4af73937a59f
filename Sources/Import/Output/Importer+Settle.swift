// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

/// The draft is loaded as the daemon would; what is wrong with it is taken out and refused in the words of `weir check`, until nothing is.
extension Importer {
  /// More rounds than a file has lines are never needed; this many are enough for any that people write.
  private static let maximumRounds = 100

  mutating func settle() -> String {
    if !draft.blocks.contains(where: { $0.kind == .listener }), !services.isEmpty { addQuietListener() }
    for _ in 0..<Self.maximumRounds {
      dropUnusedNames()
      let rendered = DraftText(draft, head: head)
      let source = SourceText(name: request.outputFolder + "/weir.conf", text: rendered.text)
      let overlay = OverlayFiles(overlay: tables.overlay, files: files)
      let errors = Configuration.load(source, files: overlay, facts: facts).diagnostics.filter { $0.severity == .error }
      if errors.isEmpty {
        for line in draft.lines where line.isDefault { noteDefault(line.name, line.value, "which is not Weir's, so weir.conf says it") }
        return rendered.text
      }
      if !heal(errors, rendered, source) { break }
    }
    ledger.addNote("the weir.conf is not sound yet: see `weir check`")
    return DraftText(draft, head: head).text
  }

  private var head: String {
    let from = [request.postfixFolder, request.dovecotFolder].compactMap(\.self).joined(separator: " and ")
    return "# Imported from \(from) by `weir import`; report.txt has the account of every line.\n"
  }

  /// Without a listener Weir opens port 25 to everybody, which such a master.cf does not.
  private mutating func addQuietListener() {
    var block = DraftBlock(name: "smtp", item: nil)
    block.lines = [DraftLine(name: "address", value: "127.0.0.1", comments: [], item: nil)]
    draft.blocks.append(block)
    ledger.addNote("master.cf opens no port for SMTP; Weir listens on 127.0.0.1, port 25, for the programs of this machine")
  }

  /// True if something was taken out.
  private mutating func heal(_ errors: [Diagnostic], _ rendered: DraftText, _ source: SourceText) -> Bool {
    var faults: [DraftPlace: [Diagnostic]] = [:]
    for error in errors {
      for place in places(of: error, rendered, source) { faults[place, default: []].append(error) }
    }
    // From the end, so that the places of the others stay.
    for (place, errors) in faults.sorted(by: { Self.order($0.key) > Self.order($1.key) }) { takeOut(place, errors, rendered, source) }
    return !faults.isEmpty
  }

  private static func order(_ place: DraftPlace) -> (Int, Int) {
    switch place {
    case .top(let index): (0, index)
    case .head(let block): (block + 1, -1)
    case .block(let block, let line): (block + 1, line)
    }
  }

  /// The lines that an error is about: where it is, or those that name the table in which it is.
  private func places(of error: Diagnostic, _ rendered: DraftText, _ source: SourceText) -> [DraftPlace] {
    guard let location = error.location else { return [] }
    if location.source === source { return rendered.place(at: location.offset).map { [$0] } ?? [] }
    let name = location.source.name
    let copy = name.hasPrefix(tables.folder + "/") ? "$\(TableCopies.folderSetting)/\(name.dropFirst(tables.folder.count + 1))" : name
    return rendered.places.map(\.place).filter { place in draft[place]?.value.contains(copy) ?? false }
  }

  private mutating func takeOut(_ place: DraftPlace, _ errors: [Diagnostic], _ rendered: DraftText, _ source: SourceText) {
    if case .head(let index) = place {
      let block = draft.blocks.remove(at: index)
      for item in [block.item] + block.lines.map(\.item) { ledger.amend(item, .refused, Self.reason(errors)) }
      return
    }
    guard let line = draft[place], let range = rendered.range(of: place) else { return }
    let list = DraftList(line, rendered: LocatedText(source, range))
    guard let remaining = list.without(errors) else {
      if line.isDefault {
        noteDefault(line.name, line.value, "which Weir does not have: \(Self.reason(errors))")
      } else {
        ledger.amend(line.item, .refused, Self.reason(errors) + noteOnIndex(line))
      }
      draft[place] = nil
      return
    }
    for (element, error) in remaining.removed {
      let note = "`\(element)` is left out: \(Self.reason([error]))"
      ledger.amend(line.item, element.hasPrefix("permit_sasl") || element.hasPrefix("permit_tls") ? .translated : .refused, note)
    }
    draft[place]?.value = remaining.value
  }

  private static func reason(_ errors: [Diagnostic]) -> String {
    errors.map { error in error.message + (error.hint.map { ". \($0.asSentence)" } ?? "") }.joined(separator: "; ")
  }

  /// Names that main.cf made for itself, and that nothing refers to any more.
  private mutating func dropUnusedNames() {
    while let index = draft.lines.firstIndex(where: { !isUsed($0) }) {
      let line = draft.lines.remove(at: index)
      guard line.item != nil else { continue }
      let users = ledger.items.filter { item in item.subject.map { References.names(in: $0).contains(line.name) } ?? false }
      let isLost = users.allSatisfy { $0.verdict == .refused }
      ledger.amend(line.item, isLost ? .refused : .translated, isLost ? "what refers to it was refused" : "its value stands where it was used")
    }
  }

  private func isUsed(_ line: DraftLine) -> Bool {
    if Schema.definition(line.name) != nil { return true }
    return (draft.lines + draft.blocks.flatMap(\.lines)).contains { other in
      other.name != line.name && (References.names(in: other.value).contains(line.name) || other.value.listElements.contains(line.name))
    }
  }

  /// Postfix looks into the index that postmap made, so that the text may have been lost.
  private func noteOnIndex(_ line: DraftLine) -> String {
    let paths = line.value.listElements.compactMap { element in element.firstIndex(of: "/").map { String(element[$0...]) } }
    let lost = paths.filter { permissions($0) == nil && permissions($0 + ".db") != nil }
    return lost.map { ". Only the index \($0).db is there; `postmap -s hash:\($0)` prints the text it was made from" }.joined()
  }
}
