// SPDX-License-Identifier: Apache-2.0

/// Where a mailbox file is: below a base, as a Maildir is.
package struct MboxLocation: Hashable, Sendable {
  package let path: String
  package let base: String
  /// The folders between the base and the file; often none.
  package let folders: [String]
  package let name: String

  /// Nil where `relative` names no file, has `..` or a NUL, or ends in a slash.
  package init?(base: String, relative: String) {
    guard relative.utf8.last != 0x2F, let whole = MaildirLocation(base: base, relative: relative), let name = whole.folders.last else { return nil }
    self.base = base
    self.name = name
    folders = Array(whole.folders.dropLast())
    path = whole.path
  }
}

/// Where mail for somebody is kept.
package enum MailboxLocation: Hashable, Sendable {
  case maildir(MaildirLocation)
  case mbox(MboxLocation)

  /// As Postfix tells them apart: a path that ends in a slash is a Maildir. Nil if it is no path below `base`.
  package init?(base: String, relative: String) {
    if relative.utf8.last == 0x2F {
      guard let location = MaildirLocation(base: base, relative: relative) else { return nil }
      self = .maildir(location)
    } else {
      guard let location = MboxLocation(base: base, relative: relative) else { return nil }
      self = .mbox(location)
    }
  }

  package var path: String {
    switch self {
    case .maildir(let location): location.path
    case .mbox(let location): location.path
    }
  }
}
