// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Rules of `cidr:`: the first network that holds the address gives the value.
///
/// Rules that follow each other are kept as one map of intervals, so a look-up among a million networks is one binary search; only `!` and `if` stand
/// between such maps.
final class NetworkTable: Sendable {
  enum Step: Sendable {
    case networks(NetworkIntervals)
    /// `!network value`
    case outside(IPNetwork, value: Int)
    /// `if`: where the network does not hold the address, the steps up to `end` are left out.
    case condition(IPNetwork, isNegated: Bool, end: Int)
  }

  let steps: [Step]
  let values: [String]
  /// The number of rules.
  let count: Int

  init(_ steps: [Step], values: [String], count: Int) {
    self.steps = steps
    self.values = values
    self.count = count
  }

  /// What is no address is in no network.
  func value(for key: String) -> String? { IPAddress(key).flatMap(value) }

  func value(for address: IPAddress) -> String? {
    var index = 0
    while index < steps.count {
      switch steps[index] {
      case .networks(let intervals):
        if let value = intervals.value(for: address) { return values[value] }
        index += 1
      case .outside(let network, let value):
        if network.address.family == address.family, !network.contains(address) { return values[value] }
        index += 1
      case .condition(let network, let isNegated, let end):
        // A network of the other family holds in neither way.
        let holds = network.address.family == address.family && network.contains(address) != isNegated
        index = holds ? index + 1 : end
      }
    }
    return nil
  }
}

/// Networks with a value each, of which the first that holds an address counts.
struct NetworkIntervals: Sendable {
  private let v4: IntervalMap<UInt32>
  private let v6: IntervalMap<UInt128>

  init(_ rules: [(network: IPNetwork, value: Int)]) {
    v4 = IntervalMap(rules.enumerated().compactMap { Interval(v4: $1.network, rank: $0, value: $1.value) })
    v6 = IntervalMap(rules.enumerated().compactMap { Interval(v6: $1.network, rank: $0, value: $1.value) })
  }

  func value(for address: IPAddress) -> Int? {
    switch address.family {
    case .v4: v4.value(for: UInt32(truncatingIfNeeded: address.low))
    case .v6: v6.value(for: UInt128(address.high) << 64 | UInt128(address.low))
    }
  }
}

/// The addresses of one network.
private struct Interval<Key: FixedWidthInteger & Sendable> {
  let first: Key
  let last: Key
  /// The rule with the lowest counts.
  let rank: Int
  let value: Int

  init(first: Key, hostBits: Int, rank: Int, value: Int) {
    self.first = first
    // Swift's smart shift: a shift by the whole width gives 0.
    last = first | ~(~0 << hostBits)
    self.rank = rank
    self.value = value
  }
}

extension Interval<UInt32> {
  init?(v4 network: IPNetwork, rank: Int, value: Int) {
    guard network.address.family == .v4 else { return nil }
    self.init(first: UInt32(truncatingIfNeeded: network.address.low), hostBits: 32 - network.length, rank: rank, value: value)
  }
}

extension Interval<UInt128> {
  init?(v6 network: IPNetwork, rank: Int, value: Int) {
    guard network.address.family == .v6 else { return nil }
    self.init(
      first: UInt128(network.address.high) << 64 | UInt128(network.address.low), hostBits: 128 - network.length, rank: rank, value: value)
  }
}

/// Which value holds from each address on, up to the next.
private struct IntervalMap<Key: FixedWidthInteger & Sendable>: Sendable {
  private var starts: [Key] = []
  /// -1: none.
  private var values: [Int32] = []

  /// Networks lie within each other or apart, so a sweep needs but a stack of those that are open.
  init(_ intervals: [Interval<Key>]) {
    var open: [(last: Key, rank: Int, value: Int)] = []
    for interval in intervals.sorted(by: { ($0.first, $1.last, $0.rank) < ($1.first, $0.last, $1.rank) }) {
      while let inner = open.last, inner.last < interval.first { close(&open) }
      let outer = open.last
      let wins = outer.map { interval.rank < $0.rank } ?? true
      open.append((interval.last, wins ? interval.rank : outer?.rank ?? 0, wins ? interval.value : outer?.value ?? 0))
      set(from: interval.first, to: open.last?.value)
    }
    while !open.isEmpty { close(&open) }
  }

  private mutating func close(_ open: inout [(last: Key, rank: Int, value: Int)]) {
    guard let closed = open.popLast() else { return }
    let (next, overflow) = closed.last.addingReportingOverflow(1)
    if !overflow { set(from: next, to: open.last?.value) }
  }

  private mutating func set(from start: Key, to value: Int?) {
    let value = Int32(clamping: value ?? -1)
    if starts.last == start {
      starts.removeLast()
      values.removeLast()
    }
    if (values.last ?? -1) == value { return }
    starts.append(start)
    values.append(value)
  }

  func value(for key: Key) -> Int? {
    var low = 0
    var high = starts.count
    while low < high {
      let middle = low + (high - low) / 2
      if starts[middle] <= key { low = middle + 1 } else { high = middle }
    }
    guard low > 0, values[low - 1] >= 0 else { return nil }
    return Int(values[low - 1])
  }
}
