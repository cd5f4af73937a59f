// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Whether virtual_uid_maps and virtual_gid_maps name users and groups that may own mailboxes.
struct OwnerCheck {
  let tables: TableReader

  func check(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    let (uid, gid) = (Keys.virtualUidMaps, Keys.virtualGidMaps)
    if values[uid].isEmpty != values[gid].isEmpty { return checkPair(values[uid].isEmpty ? (gid, uid) : (uid, gid), scope) }
    let minimum = values[Keys.virtualMinimumUid]
    return values[uid].compactMap { checkIDs($0, "uid", minimum, "virtual_minimum_uid") } + values[gid].compactMap { checkIDs($0, "gid", 1, "1") }
  }

  /// Half of them would leave every virtual user without the other half.
  private func checkPair(_ pair: (present: Key<[TableReference]>, missing: Key<[TableReference]>), _ scope: Scope) -> [Diagnostic] {
    let missing = pair.missing.name
    guard let written = scope.settings[pair.present.name], scope.settings[missing] == nil else { return [] }
    return [
      .warning(
        written.text, "\(missing) is not set, so none of this mail can be delivered: a mailbox has both an owner and a group",
        hint: "\(missing) = static:5000")
    ]
  }

  private func checkIDs(_ reference: TableReference, _ kind: String, _ minimum: Int, _ minimumName: String) -> Diagnostic? {
    guard let table = tables.read(reference).table else { return nil }
    let values = table.entries.isEmpty ? [table.value(for: "")].compactMap(\.self) : table.entries.map(\.value)
    for value in values {
      guard let id = UInt32(value), id != .max else {
        return .error(reference.name, "`\(value)` is no \(kind): it must be a number", hint: "static:5000")
      }
      if Int(id) < minimum { return .error(reference.name, "the \(kind) \(id) is less than \(minimumName)", hint: "its mail would wait for ever") }
    }
    return nil
  }
}
