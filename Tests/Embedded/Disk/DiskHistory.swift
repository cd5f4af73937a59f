// SPDX-License-Identifier: Apache-2.0

/// The operations of one workload, to be cut after any of them: the workload runs once, the prefixes are replayed.
package struct DiskHistory: Sendable {
  let base: DiskImage
  let pending: [SimulatedDisk.Pending]
  let steps: [SimulatedDisk.Step]
  let boot: UInt64

  package var count: Int { steps.count }

  /// The disk right after an operation, with what was not synced then.
  package struct Moment: Sendable {
    /// Operations done.
    package let number: Int
    let durable: DiskImage
    let pending: [SimulatedDisk.Pending]
    let boot: UInt64

    /// What the power cut has to decide about.
    package var pendingCount: Int { pending.count }

    /// The disk after a power cut at which exactly the changes that `persists` picks had reached the platters.
    package func afterPowerCut(seed: UInt64 = 1, _ persists: (Int) -> Bool) -> SimulatedDisk {
      SimulatedDisk(imageAfterPowerCut(persists), boot: boot + 1, seed: seed)
    }

    package func imageAfterPowerCut(_ persists: (Int) -> Bool) -> DiskImage {
      var image = durable
      for (index, pending) in pending.enumerated() where persists(index) { image.apply(pending.change) }
      return image
    }

    /// The disk as the next process finds it when only the process died.
    package func afterProcessDeath(seed: UInt64 = 1) -> SimulatedDisk {
      SimulatedDisk(durable, pending: pending, boot: boot, seed: seed)
    }
  }

  /// Calls `body` with every moment from before the first operation to after the last.
  package func forEachMoment(_ body: (Moment) throws -> Void) rethrows {
    var durable = base
    var pending = pending
    try body(Moment(number: 0, durable: durable, pending: pending, boot: boot))
    for (index, step) in steps.enumerated() {
      Self.apply(step, &durable, &pending)
      try body(Moment(number: index + 1, durable: durable, pending: pending, boot: boot))
    }
  }

  private static func apply(_ step: SimulatedDisk.Step, _ durable: inout DiskImage, _ pending: inout [SimulatedDisk.Pending]) {
    switch step {
    case .changes(let changes): pending += changes.map { SimulatedDisk.Pending(change: $0) }
    case .node(let node, let isDirectory, let device): durable.add(node, isDirectory: isDirectory, device: device)
    case .sync(let node): settle(&pending, &durable) { $0.touches(node) }
    case .syncAll: settle(&pending, &durable) { _ in true }
    case .failedSync(let node):
      lose(&pending, node)
    }
  }

  /// Subsets worth trying of `count` pending changes: none, all, each alone, all but each, and some at random.
  package static func subsets(of count: Int, singles: Int = .max, random: Int, seed: UInt64) -> [[Bool]] {
    var subsets = [[Bool](repeating: false, count: count)]
    guard count > 0 else { return subsets }
    subsets.append([Bool](repeating: true, count: count))
    var generator = SplitMix(state: seed)
    let picked = count <= singles ? Array(0..<count) : (0..<singles).map { _ in Int(generator.next() % UInt64(count)) }
    for index in picked where count > 1 {
      for value in [true, false] {
        var subset = [Bool](repeating: !value, count: count)
        subset[index] = value
        subsets.append(subset)
      }
    }
    for _ in 0..<random where count > 2 { subsets.append((0..<count).map { _ in generator.next() & 1 == 1 }) }
    return subsets
  }
}

/// Steele, Lea and Flood's generator: the same numbers for the same seed.
package struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
