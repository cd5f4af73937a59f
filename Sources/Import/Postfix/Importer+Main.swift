// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

extension Importer {
  /// A longer configuration file is refused.
  static let maximumFileLength = 4 << 20

  var mainPath: String { request.postfixFolder + "/main.cf" }

  mutating func readMain() throws(ImportFailure) {
    let source: SourceText
    do throws(FileError) {
      source = SourceText(name: mainPath, bytes: try files.read(mainPath, limit: Self.maximumFileLength))
    } catch {
      throw ImportFailure(path: mainPath, reason: error.reason)
    }
    ledger.open(mainPath, lineCount: source.countedLines)
    var comments: [String] = []
    for piece in source.postfixPieces {
      if piece.isEntry {
        readMainEntry(piece, comments)
        comments = []
      } else {
        ledger.add(mainPath, piece.lines, nil, .kept)
        comments = source.commentsDirectlyAbove(piece.lines.upperBound + 1)
      }
    }
    markOverridden()
  }

  private mutating func readMainEntry(_ piece: Piece, _ comments: [String]) {
    guard let (name, value) = piece.text.assignment, !name.isEmpty, !name.contains(where: \.isWhitespace) else {
      let meant = Schema.suggestion(for: piece.text.assignment?.name ?? String(piece.text.prefix { !$0.isWhitespace }))
      ledger.add(
        mainPath, piece.lines, piece.text, .refused,
        "this is no `name = value`; Postfix does not start with it" + (meant.map { ". Did you mean `\($0)`?" } ?? ""))
      return
    }
    main.list.append(MainSetting(name: name, value: value, lines: piece.lines, comments: comments))
  }

  /// The last setting of a name counts.
  private mutating func markOverridden() {
    var last: [String: Int] = [:]
    for (index, setting) in main.list.enumerated().reversed() {
      main.list[index].counts = last[setting.name] == nil
      last[setting.name] = last[setting.name] ?? setting.lines.lowerBound
    }
    for index in main.list.indices {
      let setting = main.list[index]
      let subject = setting.value.isEmpty ? "\(setting.name) =" : "\(setting.name) = \(setting.value)"
      let overriding = last[setting.name].flatMap { setting.counts ? nil : "without effect: line \($0) sets it again" }
      main.list[index].item = ledger.add(mainPath, setting.lines, subject, overriding == nil ? .kept : .translated)
      if let overriding { ledger.amend(main.list[index].item, .translated, overriding) }
    }
  }

  /// Decides for each setting of main.cf.
  mutating func importMain() {
    let referenced = referencedNames()
    for setting in main.list where setting.counts { importSetting(setting, referenced) }
  }

  private func referencedNames() -> Set<String> {
    let values = main.list.map(\.value) + services.flatMap(\.options).map(\.value)
    let classes = main.expanded("smtpd_restriction_classes").listElements
    return values.reduce(into: Set(classes)) { $0.formUnion(References.names(in: $1)) }
  }

  private mutating func importSetting(_ setting: MainSetting, _ referenced: Set<String>) {
    if let missing = missingCertificate(setting) { return ledger.amend(setting.item, .refused, "there is no file \(missing)") }
    switch Fate(setting.name, setting.value, inListener: false, isReferenced: referenced.contains(setting.name)) {
    case .keep(let name, let value, let note):
      if let note { ledger.amend(setting.item, .translated, note) }
      draft.add(DraftLine(name: name, value: rewritten(value, for: name), comments: setting.comments, item: setting.item))
    case .translated(let note): ledger.amend(setting.item, .translated, note)
    case .refused(let note): ledger.amend(setting.item, .refused, note)
    }
  }

  /// Postfix notices only when a client asks for TLS; `weir check` does at once.
  private func missingCertificate(_ setting: MainSetting) -> String? {
    guard ["smtpd_tls_cert_file", "smtpd_tls_key_file", "smtpd_tls_chain_files"].contains(setting.name) else { return nil }
    return main.expand(setting.value).listElements.first { $0.hasPrefix("/") && permissions($0) == nil }
  }

  /// The value as weir.conf says it: names that only Postfix has are replaced by what they stand for. `$name` stays where its time is later.
  func rewritten(_ value: String, for name: String) -> String {
    if let definition = Schema.definition(name) ?? Schema.definition(name, inListener: true), !definition.expands { return value }
    return References.replace(in: value) { reference in
      if main[reference] != nil, Fate.isCopied(reference) { return nil }
      if main[reference] == nil, Schema.definition(reference) != nil, Fate.isCopied(reference) { return nil }
      return main.expanded(reference)
    }
  }

  /// What main.cf did not say, for the account: `outcome` ends the sentence.
  mutating func noteDefault(_ name: String, _ value: String, _ outcome: String) {
    ledger.addNote("`\(name)` is not in main.cf; Postfix's default is \(value.isEmpty ? "empty" : "`\(value)`"), \(outcome)")
  }

  /// Says explicitly what Postfix's own defaults said.
  mutating func addDefaults() {
    for (name, value) in PostfixDefaults.implied(main) {
      draft.add(DraftLine(name: name, value: rewritten(value, for: name), comments: [], item: nil, isDefault: true))
    }
    addMailboxLimits()
    if main["mynetworks"] == nil, Schema.definition("mynetworks_style") == nil {
      ledger.addNote(
        "`mynetworks` is not in main.cf: Postfix fills it from this machine's addresses. Weir trusts only this machine until you list the networks")
    }
  }
}

extension Importer {
  /// Postfix accepts messages that are longer than a mailbox may be, and stops when it delivers one. That is of use to nobody.
  private mutating func addMailboxLimits() {
    let longest = Int(main.expanded("message_size_limit")) ?? Self.mailboxLimit
    guard longest == 0 || longest > Self.mailboxLimit else { return }
    for name in ["mailbox_size_limit", "virtual_mailbox_limit"] where main[name] == nil && Schema.definition(name) != nil {
      ledger.addNote("message_size_limit is more than `\(name)`, which is \(Self.mailboxLimit) in Postfix; in weir.conf it is 0, no limit")
      draft.add(DraftLine(name: name, value: "0", comments: [], item: nil))
    }
  }

  private static let mailboxLimit = 51_200_000
}

extension SourceText {
  /// The comment lines that end right above a line, if they are few: longer ones explain a file, not a setting.
  fileprivate func commentsDirectlyAbove(_ number: Int) -> [String] {
    var comments: [String] = []
    var above = number - 1
    while above >= 1 {
      let text = LocatedText(self, lineRange(above - 1)).text
      guard text.hasPrefix("#"), String(validating: text.utf8, as: UTF8.self) != nil else { break }
      comments.insert(text, at: 0)
      above -= 1
    }
    return comments.count <= 4 && comments.allSatisfy { $0.utf8.count <= 120 } ? comments : []
  }
}
