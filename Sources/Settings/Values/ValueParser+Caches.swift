// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension ValueParser {
  /// Postfix's types of files that a program can write. Here they all mean a folder.
  private static let types = ["btree", "hash", "lmdb"]

  /// The path of `type:path`; nothing for nothing.
  mutating func parseCacheMap(_ text: LocatedText) -> String? {
    if text.isEmpty { return "" }
    let name = text.text.hasPrefix("proxy:") ? text[6...] : text
    let parts = name.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, Self.types.contains(String(parts[0])), !parts[1].isEmpty else {
      report(
        .error(name, "expected `btree:` and a path, not `\(name.text)`", hint: "passes are kept in files of this machine: btree:$data_directory/…"))
      return nil
    }
    return String(parts[1])
  }
}
