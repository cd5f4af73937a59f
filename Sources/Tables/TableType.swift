// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The types of table that Weir reads.
package enum TableType: String, CaseIterable, Sendable {
  /// Keys and values in the setting itself.
  case inline
  /// One value for every key.
  case `static`
  /// Lines of `key value`. Weir reads the text, never a database made from it: there is no `postmap` to run.
  case hash, texthash, btree, lmdb, cdb, dbm
  /// `unix:passwd.byname`: the users of the system.
  case unix
  /// Lines of `network value`: the first that holds the address.
  case cidr
  /// Lines of `/pattern/ value`: the first that matches; POSIX's expressions, and Perl's.
  case regexp, pcre
  /// Tables in braces: what all answer, with commas between; what each makes of the answer of the one before.
  case unionmap, pipemap
  /// Every question fails for now.
  case fail

  /// Whether it is a text with a key and a value on each line.
  package var isText: Bool {
    switch self {
    case .hash, .texthash, .btree, .lmdb, .cdb, .dbm: true
    case .inline, .static, .unix, .cidr, .regexp, .pcre, .unionmap, .pipemap, .fail: false
    }
  }

  /// Whether it is made of other tables.
  var isComposite: Bool { self == .unionmap || self == .pipemap }

  /// Whether its keys are regular expressions.
  var isPattern: Bool { self == .regexp || self == .pcre }

  /// Whether what follows the type is a path, unless it stands in braces.
  package var hasFile: Bool { isText || self == .cidr || self == .regexp || self == .pcre }

  /// Types that a plugin answers for: `sqlite`, which comes with Weir, and any word that is not nearly one of the others.
  package static func isExternal(_ type: String) -> Bool {
    if shipped.contains(type) { return true }
    return TableType(rawValue: type) == nil && otherTypes[type] == nil && Suggestion(allCases.map(\.rawValue) + shipped).nearest(to: type) == nil
  }

  /// Plugins that come with Weir.
  package static let shipped = ["sqlite"]

  /// Types that Postfix has, and what to use as long as Weir has not.
  package static let otherTypes: [String: String] = [
    "mysql": "not yet; export the rows to a `hash:` file",
    "pgsql": "not yet; export the rows to a `hash:` file",
    "ldap": "not yet; export the entries to a `hash:` file",
    "memcache": "not yet",
    "tcp": "not yet",
    "socketmap": "not yet",
    "nis": "not planned; export the map to a `hash:` file",
    "nisplus": "not planned; export the map to a `hash:` file",
    "sdbm": "not planned; use `hash:`, which reads the text the file was made from",
    "environ": "not planned; put the values in an `inline:` table",
    "internal": "not planned",
    "randmap": "not yet",
    "netinfo": "not planned; export the map to a `hash:` file",
  ]
}
