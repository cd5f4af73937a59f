// SPDX-License-Identifier: Apache-2.0

extension Verb {
  /// The verb that a mistyped word of four letters was probably meant to be: the same letters in another order.
  static func suggestion(for word: String) -> Verb? {
    let lowercased = word.lowercased()
    let letters: [UInt8] = lowercased.utf8.sorted()
    guard letters.count == 4 else { return nil }
    for verb in allCases {
      let name: String = verb.name
      let sorted: [UInt8] = name.utf8.sorted()
      if sorted == letters, name != lowercased { return verb }
    }
    return nil
  }
}
