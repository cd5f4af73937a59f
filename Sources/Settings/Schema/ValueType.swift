// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Tables

/// What a setting may hold.
package enum ValueType: Sendable {
  case boolean
  case integer(ClosedRange<Int>)
  /// A bare number counts in `unit`; the limits are in seconds.
  case duration(unit: DurationUnit, seconds: ClosedRange<Int>)
  case byteCount(ClosedRange<Int>)
  /// Not negative, perhaps with a fraction.
  case number
  case feedback
  /// Any text, perhaps none.
  case text
  /// A path, perhaps none; `~` and relative paths only where the paragraph says so.
  case path
  case hostName
  case hostNameOrFile
  /// An IP address, perhaps none.
  case address
  /// Words apart by commas or blanks.
  case words
  case choice([String])
  /// Some of these words.
  case choices([String])
  /// Addresses and networks; `!` negates, `/path` and `type:name` name more of them.
  case networks
  /// Domain names; `!` negates, `/path` and `type:name` name more of them.
  case domains
  /// Addresses, networks and host names; `!` negates, `/path` and `type:name` name more of them.
  case clients
  /// Words in any case; `!` negates, `/path` and `type:name` name more of them.
  case commands
  /// `permit_mynetworks`, `permit`, `reject`, and tables.
  case accessList
  /// `all`, `loopback-only`, addresses and host names.
  case interfaces
  /// Addresses of name servers, or `recursive`.
  case nameServers
  case port
  case tables
  /// Tables whose files may be as aliases(5) has them.
  case aliases
  /// A type and a path, perhaps neither.
  case cacheMap
  /// Tables whose values are actions of header_checks(5) or body_checks(5).
  case checks(CheckAction.Subject)
  /// Words of restrictions; nil is a list of smtpd_restriction_classes.
  case restrictions(RestrictionPoint?)
  case tlsProtocols
  /// A permission such as 0600.
  case mode

  /// How the reference names it.
  package var title: String {
    switch self {
    case .boolean: "yes or no"
    case .integer(let range): "a whole number" + Self.limits(range.lowerBound, range.upperBound)
    case .duration(let unit, _): "a duration (\(unit.title) if no unit is given)"
    case .byteCount: "a number of bytes"
    case .number: "a number"
    case .feedback: "a number from 0 to 1, perhaps divided"
    case .text: "text"
    case .path: "a path"
    case .hostName: "a host name"
    case .address: "an IP address"
    case .hostNameOrFile: "a host name, or the path of a file that holds it"
    case .words: "a list of words"
    case .choice(let words): "one of " + words.map { $0.isEmpty ? "(empty)" : $0 }.joined(separator: ", ")
    case .choices(let words): "any of " + words.joined(separator: ", ")
    case .networks: "a list of networks"
    case .domains: "a list of domains"
    case .clients: "a list of networks and host names"
    case .commands: "a list of commands"
    case .accessList: "a list of tables and of `permit_mynetworks`, `permit`, `reject`"
    case .interfaces: "a list of addresses"
    case .nameServers: "a list of name servers"
    case .port: "a port"
    case .tables, .aliases, .checks: "a list of tables"
    case .cacheMap: "a type and a path"
    case .restrictions: "a list of restrictions"
    case .tlsProtocols: "a range of TLS protocols"
    case .mode: "a permission in octal"
    }
  }

  private static func limits(_ low: Int, _ high: Int) -> String {
    high >= Int(Int32.max) ? low == 0 ? "" : ", at least \(low)" : ", \(low) to \(high)"
  }
}

/// Postfix's letters for units of time.
package enum DurationUnit: String, CaseIterable, Sendable {
  case microseconds = "us"
  case milliseconds = "ms"
  case seconds = "s"
  case minutes = "m"
  case hours = "h"
  case days = "d"
  case weeks = "w"

  package var duration: Duration {
    switch self {
    case .microseconds: .microseconds(1)
    case .milliseconds: .milliseconds(1)
    case .seconds: .seconds(1)
    case .minutes: .seconds(60)
    case .hours: .seconds(3600)
    case .days: .seconds(86400)
    case .weeks: .seconds(604_800)
    }
  }

  package var title: String { "\(self)" }
}
