// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Whether mail can be written where the settings say. A mistake here would show only when the first message arrives.
struct MailboxCheck {
  let tables: TableReader

  func check(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    checkHomeMailbox(values, scope) + checkSpool(values, scope) + checkVirtual(values, scope)
      + OwnerCheck(tables: tables).check(values, scope) + checkLimits(values, scope) + QuotaCheck(values: values, scope: scope).check()
  }

  private func checkHomeMailbox(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    guard let written = scope.settings[Keys.homeMailbox.name], values[Keys.homeMailbox].hasPrefix("/") else { return [] }
    return [.error(written.text, "`\(values[Keys.homeMailbox])` is no path below the home directory", hint: "home_mailbox = Maildir/")]
  }

  private func checkSpool(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    guard let written = scope.settings[Keys.mailSpoolDirectory.name] else { return [] }
    let folder = values[Keys.mailSpoolDirectory]
    if !folder.isEmpty, !folder.hasPrefix("/") {
      return [.error(written.text, "`\(folder)` is no absolute path", hint: "mail_spool_directory = /var/mail")]
    }
    guard !folder.isEmpty, !values[Keys.homeMailbox].isEmpty else { return [] }
    return [.warning(written.text, "home_mailbox is set, so this folder is not used", hint: "leave out one of the two")]
  }

  /// As Postfix, which does not start: such a message would come in and could not be delivered. It matters to files only.
  private func checkLimits(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    let hasFiles = !(values[Keys.homeMailbox].isEmpty ? values[Keys.mailSpoolDirectory] : values[Keys.homeMailbox]).hasSuffix("/")
    return checkLimit(Keys.mailboxSizeLimit, isUsed: hasFiles, values, scope)
      + checkLimit(Keys.virtualMailboxLimit, isUsed: values[Keys.virtualMailboxMaps].contains(where: hasFile), values, scope)
  }

  private func checkLimit(_ key: Key<ByteCount>, isUsed: @autoclosure () -> Bool, _ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    let (limit, message) = (values[key].bytes, values[Keys.messageSizeLimit].bytes)
    guard limit > 0, message == 0 || limit < message, scope.settings[key.name] != nil || isUsed() else { return [] }
    guard let written = scope.settings[key.name] ?? scope.settings[Keys.messageSizeLimit.name] else { return [] }
    let reason = "\(key.name) is \(limit), less than message_size_limit: the longest messages fit into no mailbox"
    return [.error(written.text, reason, hint: "\(key.name) = 0 for no limit")]
  }

  private func hasFile(_ reference: TableReference) -> Bool { tables.read(reference).table?.firstEntry(notEndingIn: "/") != nil }

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
    return []
  }
}
