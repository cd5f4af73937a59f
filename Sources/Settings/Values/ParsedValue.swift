// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Tables

/// A value after its type was checked.
package enum ParsedValue: Sendable {
  case boolean(Bool)
  case integer(Int)
  case duration(Duration)
  case byteCount(ByteCount)
  case number(Double)
  case feedback(ConcurrencyFeedback)
  case text(String)
  case words([String])
  case patterns(PatternList)
  case interfaces([Interface])
  case nameServers(NameServers)
  case tables([TableReference])
  case restrictions(RestrictionList)
}

/// A number of bytes.
package struct ByteCount: Hashable, Comparable, Sendable {
  package let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
