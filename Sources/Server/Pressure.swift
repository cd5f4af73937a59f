// SPDX-License-Identifier: Apache-2.0

/// Whether so many connections are open that new ones must be brief: from nine tenths of what there is room for, until they are fewer than seven tenths.
package struct Pressure: Sendable {
  private let high: Int
  private let low: Int
  package private(set) var isHigh = false

  package init(maximum: Int) {
    high = max(1, maximum - maximum / 10)
    low = maximum - maximum * 3 / 10
  }

  /// Notes how many there are now; true if that has changed `isHigh`.
  package mutating func changes(_ connections: Int) -> Bool {
    let isHighNow = isHigh ? connections >= low : connections >= high
    defer { isHigh = isHighNow }
    return isHighNow != isHigh
  }
}
