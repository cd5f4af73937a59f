// SPDX-License-Identifier: Apache-2.0
import Bytes

extension IPAddress {
  /// Reads what `reverseName` writes: RFC 1035 §3.5, RFC 3596 §2.5.
  package init?(reverseName name: String) {
    var labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)[...]
    if labels.last == "" { labels = labels.dropLast() }
    let zone = labels.suffix(2)
    labels = labels.dropLast(2)
    if zone == ["in-addr", "arpa"], labels.count == 4 {
      self.init(labels.reversed().joined(separator: "."))
    } else if zone == ["ip6", "arpa"], labels.count == 32, labels.allSatisfy({ $0.utf8.count == 1 }) {
      let digits = Array(labels.reversed().joined())
      self.init(stride(from: 0, to: 32, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(separator: ":"))
    } else {
      return nil
    }
  }
}
