// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

extension Importer {
  /// Files that include each other more deeply, or more of them, are a mistake.
  private static let maximumDovecotFiles = 200

  mutating func importDovecot(_ folder: String) throws(ImportFailure) {
    let path = folder.hasSuffix(".conf") ? folder : folder + "/dovecot.conf"
    do throws(FileError) {
      _ = try files.read(path, limit: Self.maximumFileLength)
    } catch {
      throw ImportFailure(path: path, reason: error.reason)
    }
    var outer: [String] = []
    readDovecotFile(path, &outer)
  }

  /// `outer` are the kinds of the blocks that are open.
  private mutating func readDovecotFile(_ path: String, _ outer: inout [String]) {
    guard !ledger.hasRead(path), ledger.inputs.count < Self.maximumDovecotFiles, let bytes = try? files.read(path, limit: Self.maximumFileLength)
    else {
      return
    }
    let source = SourceText(name: path, bytes: bytes)
    ledger.open(path, lineCount: source.countedLines)
    for piece in source.dovecotPieces {
      guard piece.isEntry else {
        ledger.add(path, piece.lines, nil, .kept)
        continue
      }
      readDovecotLine(piece.text.replacing("\n", with: " "), path, piece.lines, &outer)
    }
  }

  private mutating func readDovecotLine(_ text: String, _ path: String, _ lines: ClosedRange<Int>, _ outer: inout [String]) {
    switch DovecotLine(text) {
    case .close:
      let kind = outer.popLast()
      let end = DovecotQuotas.fate(ofBlock: outer + [kind ?? ""]).map { _ in DovecotFate.translated("the end of its block") }
      let item = add(path, lines, text, kind == nil ? .refused("no block is open here") : end ?? DovecotFate("}", inside: outer + [kind ?? ""]))
      if kind != nil { ledger.markAsPart(item) }
    case .open(let kind, let name, let rest):
      outer.append("\(kind) \(name)" == DovecotQuotas.statusService ? DovecotQuotas.statusService : kind)
      let item = add(path, lines, text, DovecotQuotas.fate(ofBlock: outer) ?? DovecotFate(kind, inside: outer))
      if outer == [DovecotQuotas.statusService] { ledger.amend(item, .translated, DovecotQuotas.statusAdvice) }
      if outer.count > 1 { ledger.markAsPart(item) }
      if let (name, value) = rest.assignment { warnAboutDovecot(name, value, outer, item) }
    case .whole(let kind, let whole):
      if let (name, value) = DovecotQuotas.inner(whole, kind, outer), importQuota(name, value, whole, path, lines, [kind]) { return }
      let item = add(path, lines, whole, DovecotFate(kind, inside: outer + [kind]))
      if !outer.isEmpty { ledger.markAsPart(item) }
    case .include(let pattern, let mustExist): include(pattern, mustExist, path, lines, &outer)
    case .setting(let name, let value): readDovecotSetting(name, value, text, path, lines, outer)
    case .nonsense: add(path, lines, text, .refused("this is no setting, no block and no include; Dovecot does not start with it"))
    }
  }

  private mutating func readDovecotSetting(
    _ name: String, _ value: String, _ text: String, _ path: String, _ lines: ClosedRange<Int>, _ outer: [String]
  ) {
    if outer.isEmpty, name == "mail_location" || name == "mail_path", let mailbox = homeMailbox(name, value) {
      let item = ledger.add(path, lines, text, .translated, "home_mailbox = \(mailbox): both write to the same Maildir")
      draft.add(DraftLine(name: "home_mailbox", value: mailbox, comments: [], item: item))
      return warnAboutDovecot(name, value, outer, item)
    }
    if importQuota(name, value, text, path, lines, outer) { return }
    let fate = outer.isEmpty ? DovecotFate(name, value) : DovecotFate(name, inside: outer)
    let item = add(path, lines, text, fate)
    if !outer.isEmpty, DovecotQuotas.fate(ofBlock: outer) == nil { ledger.markAsPart(item) }
    if case .keep = fate { draft.add(DraftLine(name: name, value: value, comments: [], item: item)) }
    warnAboutDovecot(name, value, outer, item)
  }

  /// Where Postfix hands local mail to Dovecot, and that writes below the user's home, Weir can write there itself.
  private func homeMailbox(_ name: String, _ value: String) -> String? {
    guard main["home_mailbox"] == nil, let below = value.firstIndex(of: "~") else { return nil }
    let kind = value[..<below]
    guard kind == "maildir:" || name == "mail_path" && kind.isEmpty, value[below...].hasPrefix("~/") else { return nil }
    let path = value[value.index(below, offsetBy: 2)...].prefix { $0 != ":" }
    guard !path.isEmpty, !path.contains("%") else { return nil }
    return path.hasSuffix("/") ? String(path) : path + "/"
  }

  @discardableResult
  mutating func add(_ path: String, _ lines: ClosedRange<Int>, _ subject: String, _ fate: DovecotFate) -> Int {
    switch fate {
    case .keep: ledger.add(path, lines, subject, .kept)
    case .translated(let note): ledger.add(path, lines, subject, .translated, note)
    case .refused(let note): ledger.add(path, lines, subject, .refused, note)
    }
  }

  private mutating func include(_ pattern: String, _ mustExist: Bool, _ path: String, _ lines: ClosedRange<Int>, _ outer: inout [String]) {
    let whole = pattern.hasPrefix("/") ? pattern : path[...(path.lastIndex(of: "/") ?? path.startIndex)] + pattern
    let found = Glob(whole).isPattern ? paths(matching: whole) : ((try? files.read(whole, limit: Self.maximumFileLength)) == nil ? [] : [whole])
    let word = mustExist ? "!include" : "!include_try"
    if found.isEmpty, mustExist {
      add(path, lines, "\(word) \(pattern)", .refused("there is no such file"))
    } else {
      add(path, lines, "\(word) \(pattern)", .translated("read: \(Self.files(found.count))"))
    }
    for each in found { readDovecotFile(each, &outer) }
  }

  private func paths(matching pattern: String) -> [String] {
    do throws(FileError) {
      let paths = try Glob(pattern).paths(in: files)
      return paths
    } catch {
      return []
    }
  }

  private static func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

  private mutating func warnAboutDovecot(_ name: String, _ value: String, _ outer: [String], _ item: Int) {
    if let danger = DovecotDangers.danger(name, value, outer) { ledger.warn(item, danger) }
    let keys = ["ssl_key", "ssl_server_key_file"]
    if keys.contains(name), let slash = value.firstIndex(of: "/") { warnIfReadable(String(value[slash...]), item, "the private key") }
  }
}
