// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Restrictions

extension ValueParser {
  /// Holds what could be read, even with an error among the diagnostics.
  mutating func parseRestrictions(_ text: LocatedText, _ point: RestrictionPoint?) -> RestrictionList {
    let context = RestrictionReader.Context(point: point, classes: classes) { [tables] in tables.read($0) }
    let (list, found) = RestrictionReader.read(text, context)
    found.forEach { report($0) }
    return list
  }
}
