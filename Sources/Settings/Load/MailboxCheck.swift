// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Whether mail can be written where the settings say. A mistake here would show only when the first message arrives.
struct MailboxCheck {
  private static let onlyMaildirs = "only Maildirs are written so far, and their names end in `/`"

  let tables: TableReader

  func check(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    checkHomeMailbox(values, scope) + checkVirtual(values, scope)
  }

  private func checkHomeMailbox(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    guard let written = scope.settings[Keys.homeMailbox.name] else { return [] }
    let path = values[Keys.homeMailbox]
    if path.isEmpty {
      return [.error(written.text, "an empty home_mailbox means a mailbox file: \(Self.onlyMaildirs)", hint: "home_mailbox = Maildir/")]
    }
    if path.hasPrefix("/") { return [.error(written.text, "`\(path)` is no path below the home directory", hint: "home_mailbox = Maildir/")] }
    return path.hasSuffix("/") ? [] : [.error(written.text, "`\(path)` is a mailbox file: \(Self.onlyMaildirs)", hint: "did you mean `\(path)/`?")]
  }

  private func checkVirtual(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    guard let domains = scope.settings[Keys.virtualMailboxDomains.name], !values[Keys.virtualMailboxDomains].isEmpty else { return [] }
    if values[Keys.virtualMailboxMaps].isEmpty {
      let isBroken = scope.settings[Keys.virtualMailboxMaps.name].map { !$0.text.isEmpty } ?? false
      return isBroken ? [] : [.warning(domains.text, "without virtual_mailbox_maps these domains have no users: all their mail is refused")]
    }
    if values[Keys.virtualMailboxBase].isEmpty {
      return [
        .error(
          domains.text, "virtual_mailbox_base is not set: there is no folder for these mailboxes", hint: "virtual_mailbox_base = /var/mail/vhosts")
      ]
    }
    return values[Keys.virtualMailboxMaps].compactMap(checkTable)
  }

  private func checkTable(_ reference: TableReference) -> Diagnostic? {
    guard let entry = tables.read(reference).table?.firstEntry(notEndingIn: "/") else { return nil }
    let key = entry.key.isEmpty ? "" : " of `\(entry.key)`"
    return .error(reference.type, "the mailbox `\(entry.value)`\(key) is a file: \(Self.onlyMaildirs)", hint: "did you mean `\(entry.value)/`?")
  }
}
