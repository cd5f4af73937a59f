// SPDX-License-Identifier: Apache-2.0
import Glibc

package enum LocalTime {
  /// The moment, in microseconds since 1970, as strftime(3) writes it; empty when that is too long.
  package static func text(_ time: Int64, format: String) -> String {
    var seconds = time_t(time / 1_000_000)
    var civil = tm()
    guard localtime_r(&seconds, &civil) != nil else { return "" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      guard let base = text.baseAddress, strftime(base, text.count, format, &civil) > 0 else { return "" }
      return String(cString: base)
    }
  }
}
