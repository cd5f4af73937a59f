// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings
import Tables

extension Setup {
  /// Only a start as root can write for others: without it such mail would wait for ever.
  func checkVirtualOwners() throws {
    guard !isFromRoot else { return }
    for reference in configuration[Keys.virtualUidMaps] {
      for table in tables([reference]).tables {
        let values = table.entries.isEmpty ? [table.value(for: "")].compactMap(\.self) : table.entries.map(\.value)
        guard let other = values.first(where: { $0 != "\(SystemUser.currentUID)" }) else { continue }
        throw StartError(
          "virtual_uid_maps = \(reference.description): mailboxes of uid \(other) are written by a start as root only; this is uid \(SystemUser.currentUID)"
        )
      }
    }
  }
}
