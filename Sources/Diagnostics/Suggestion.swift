// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelt word was meant to be.
package struct Suggestion {
  /// Longer words are not compared: no setting has such a name, and the time grows with the product of the lengths.
  package static let maximumLength = 100

  private let candidates: [String]

  package init(_ candidates: some Sequence<String>) { self.candidates = Array(candidates) }

  /// The nearest candidate, if it is near enough: a third of the letters may differ, blanks and hyphens count as underscores.
  package func nearest(to word: String) -> String? {
    let folded = Self.fold(word)
    return nearest(folded, limit: max(1, folded.count / 3)) ?? extended(folded)
  }

  /// The nearest candidate that differs by no more letters than that.
  package func nearest(to word: String, differences limit: Int) -> String? { nearest(Self.fold(word), limit: limit) }

  private func nearest(_ folded: [UInt8], limit: Int) -> String? {
    guard !folded.isEmpty, folded.count <= Self.maximumLength else { return nil }
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let bound = min(limit, (best?.distance ?? .max) &- 1)
      guard abs(candidate.utf8.count - folded.count) <= bound else { continue }
      if let distance = Self.distance(folded, Array(candidate.utf8), limit: bound) { best = (distance, candidate) }
    }
    return best?.candidate
  }

  /// `tls_cert_file` for `smtpd_tls_cert_file`: the only candidate that ends in the word.
  private func extended(_ word: [UInt8]) -> String? {
    guard (6...Self.maximumLength).contains(word.count) else { return nil }
    let ending = "_" + String(decoding: word, as: UTF8.self)
    let matching = candidates.filter { $0.hasSuffix(ending) }
    return matching.count == 1 ? matching.first : nil
  }

  private static func fold(_ word: String) -> [UInt8] {
    word.lowercased().utf8.map { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "\t") ? UInt8(ascii: "_") : $0 }
  }

  /// Damerau and Levenshtein's distance (optimal string alignment): insertions, deletions, replacements, swaps of neighbours.
  /// Nil if it is more than `limit`.
  static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
    var before = Array(repeating: 0, count: right.count + 1)
    var previous = Array(0...right.count)
    var current = before
    for row in left.indices {
      current[0] = row + 1
      for column in right.indices {
        let isSame = left[row] == right[column]
        var cost = min(min(previous[column + 1], current[column]) + 1, previous[column] + (isSame ? 0 : 1))
        let isSwap = row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
        if isSwap { cost = min(cost, before[column - 1] + 1) }
        current[column + 1] = cost
      }
      // A swap skips a row, so two of them must be beyond the limit.
      if (current.min() ?? 0) > limit, (previous.min() ?? 0) > limit { return nil }
      swap(&before, &previous)
      swap(&previous, &current)
    }
    return previous.last.flatMap { $0 <= limit ? $0 : nil }
  }
}
