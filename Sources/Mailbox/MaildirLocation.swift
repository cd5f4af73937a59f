// SPDX-License-Identifier: Apache-2.0

/// Where a Maildir is: folders below a base.
///
/// The base is the administrator's (a home directory, `virtual_mailbox_base`) and may be reached through symbolic links. Below it no link is
/// followed and there is no way up, so whoever owns a mailbox can't lead a delivery elsewhere.
package struct MaildirLocation: Hashable, Sendable {
  /// The base and the folders, as one path without a slash at its end.
  package let path: String
  package let base: String
  package let folders: [String]

  /// Nil where `relative` has no folder, `..` or a NUL. `relative` may begin and end with slashes.
  package init?(base: String, relative: String) {
    let parts = relative.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard !parts.isEmpty, !parts.contains(".."), !relative.utf8.contains(0), !base.utf8.contains(0), !base.isEmpty else { return nil }
    self.base = base
    folders = parts
    path = (base.last == "/" ? base : base + "/") + parts.joined(separator: "/")
  }

  package static func == (left: MaildirLocation, right: MaildirLocation) -> Bool { left.path == right.path && left.base == right.base }

  package func hash(into hasher: inout Hasher) { hasher.combine(path) }
}
