// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The machine's time zone at a moment.
package struct LocalZone: Equatable, Sendable {
  /// Seconds to add to UTC.
  package let offset: Int
  /// `CET`.
  package let name: String

  /// `time` is in microseconds since 1970. Reads the zone's file at times: ask once in a while, not for each message.
  package static func at(_ time: Int64) -> LocalZone {
    var seconds = time_t(time / 1_000_000)
    var civil = tm()
    tzset()
    guard localtime_r(&seconds, &civil) != nil, let name = civil.tm_zone else { return LocalZone(offset: 0, name: "UTC") }
    return LocalZone(offset: civil.tm_gmtoff, name: String(cString: name))
  }
}
