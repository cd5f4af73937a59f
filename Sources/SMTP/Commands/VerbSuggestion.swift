// SPDX-License-Identifier: Apache-2.0

extension Verb {
  /// The verb that a mistyped word of four letters was probably meant to be: the same letters in another order.
  static func suggestion(for word: String) -> Verb? {
    let letters = word.lowercased().utf8.sorted()
    guard letters.count == 4 else { return nil }
    return allCases.first { $0.name.utf8.sorted() == letters && $0 != .lhlo }
  }
}
