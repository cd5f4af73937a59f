// SPDX-License-Identifier: Apache-2.0
import Runtime

/// A disk in memory that forgets, when the power fails, any subset of what was not synced.
///
/// It records every change, so that a workload runs once and is then cut after each of its operations (`DiskHistory`).
package final class SimulatedDisk: Disk {
  package let bootID: BootID
  let model: Monitor<Model>

  /// What a test can make go wrong: called before each operation that changes or syncs something, in order; an error it throws is the
  /// operation's.
  package typealias Fault = @Sendable (_ number: Int, _ operation: String, _ path: String) -> DiskError?

  struct Model: Sendable {
    /// As programs see it, and as the platters have it.
    var cached: DiskImage
    var durable: DiskImage
    var pending: [Pending] = []
    /// How it was at first, and what was done since.
    var base: DiskImage
    var basePending: [Pending] = []
    var steps: [Step] = []
    var handles: [Int32: Open] = [:]
    var nextHandle: Int32 = 3
    var locks: [Int: Int32] = [:]
    var recordLocks: [Int: Int32] = [:]
    var kinds: [UInt64: FileSystemKind] = [1: .ext4]
    var fault: Fault?
    /// What happens once, between the next read and what is made of it.
    var afterRead: (@Sendable () -> Void)?
    var operations = 0
    var seed: UInt64
    /// Bytes that may still be allocated; nil is no limit.
    var space: Int64?
    var isReadOnly = false
  }

  struct Open: Sendable {
    let node: Int
    let path: String
    var isAppending = false
  }

  /// A change on its way to the platters. Lost: a sync of it failed, and no later one will write it.
  struct Pending: Sendable {
    var change: DiskImage.Change
    var isLost = false
  }

  /// One operation as the record keeps it.
  enum Step: Sendable {
    case changes([DiskImage.Change])
    case sync(node: Int)
    case failedSync(node: Int?)
    case syncAll
    /// A new file or folder exists, without a name so far.
    case node(Int, isDirectory: Bool, device: UInt64)
  }

  /// `boot` numbers the runs of the machine.
  package init(_ image: DiskImage = DiskImage(), boot: UInt64 = 1, seed: UInt64 = 1) {
    bootID = BootID(high: 0x5157_4549_5200_0000, low: boot)
    model = Monitor(Model(cached: image, durable: image, base: image, seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ boot))
  }

  /// The machine goes on, the process is another: nothing is open, and what was not synced still is not.
  init(_ image: DiskImage, pending: [Pending], boot: UInt64, seed: UInt64) {
    bootID = BootID(high: 0x5157_4549_5200_0000, low: boot)
    var cached = image
    for pending in pending { cached.apply(pending.change) }
    var model = Model(cached: cached, durable: image, base: image, seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ boot)
    model.pending = pending
    model.basePending = pending
    self.model = Monitor(model)
  }

  // MARK: for tests

  /// What programs see now.
  package var image: DiskImage { model.withLock { $0.cached } }
  /// The operations so far that changed or synced something.
  package var stepCount: Int { model.withLock { $0.steps.count } }
  package var operationCount: Int { model.withLock { $0.operations } }

  package func afterNextRead(_ follow: @escaping @Sendable () -> Void) { model.withLock { $0.afterRead = follow } }
  package func setFault(_ fault: Fault?) { model.withLock { $0.fault = fault } }

  /// From now on so many bytes are free; nil for any number.
  package func setSpace(_ bytes: Int64?) { model.withLock { $0.space = bytes } }

  package func setReadOnly(_ isReadOnly: Bool) { model.withLock { $0.isReadOnly = isReadOnly } }

  /// Puts another file system there: what is made below from now on is on it.
  package func mount(_ path: String, device: UInt64, kind: FileSystemKind) {
    model.withLock { model in
      model.kinds[device] = kind
      guard let node = model.cached.find(path, from: DiskImage.root) else { return }
      model.cached.nodes[node]?.device = device
      model.durable.nodes[node]?.device = device
      model.base.nodes[node]?.device = device
    }
  }

  /// What was done since the start, to be cut anywhere.
  package func history() -> DiskHistory {
    model.withLock { DiskHistory(base: $0.base, pending: $0.basePending, steps: $0.steps, boot: bootID.low) }
  }

  /// As if everything in `image` had been on the platters at first.
  package func history(from image: DiskImage) -> DiskHistory {
    model.withLock { DiskHistory(base: image, pending: [], steps: $0.steps, boot: bootID.low) }
  }
}

// MARK: the model

extension SimulatedDisk.Model {
  mutating func check(_ operation: String, _ path: String) throws(DiskError) {
    operations += 1
    if isReadOnly { throw DiskError(code: DiskError.readOnly, operation: operation, path: path) }
    if let error = fault?(operations, operation, path) { throw error }
  }

  func node(_ directory: DiskHandle?) throws(DiskError) -> Int {
    guard let directory else { return DiskImage.root }
    guard let open = handles[directory.rawValue] else { throw DiskError(code: DiskError.badHandle, operation: "at") }
    return open.node
  }

  /// The folder that holds the last part of `path`, and that part.
  func parent(of path: String, at directory: DiskHandle?) throws(DiskError) -> (Int, String) {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last else { throw DiskError(code: DiskError.taken, operation: "at", path: path) }
    let start = path.hasPrefix("/") ? DiskImage.root : try node(directory)
    guard let parent = cached.find(parts.dropLast().joined(separator: "/"), from: start) else { throw missing(path) }
    return (parent, name)
  }

  func missing(_ path: String) -> DiskError { DiskError(code: DiskError.missing, operation: "at", path: path) }

  mutating func record(_ changes: [DiskImage.Change]) {
    for change in changes {
      cached.apply(change)
      pending.append(SimulatedDisk.Pending(change: change))
    }
    steps.append(.changes(changes))
  }

  mutating func makeNode(isDirectory: Bool, device: UInt64) -> Int {
    let node = cached.nextNode
    cached.add(node, isDirectory: isDirectory, device: device)
    durable.add(node, isDirectory: isDirectory, device: device)
    steps.append(.node(node, isDirectory: isDirectory, device: device))
    return node
  }

  mutating func open(_ node: Int, _ path: String, isAppending: Bool = false) -> DiskHandle {
    defer { nextHandle += 1 }
    handles[nextHandle] = SimulatedDisk.Open(node: node, path: path, isAppending: isAppending)
    return DiskHandle(rawValue: nextHandle)
  }

  mutating func sync(_ wanted: Int?) {
    settle(&pending, &durable) { change in wanted.map { change.touches($0) } ?? true }
    steps.append(wanted.map { .sync(node: $0) } ?? .syncAll)
  }

  mutating func failSync(_ node: Int?) {
    lose(&pending, node)
    steps.append(.failedSync(node: node))
  }

  mutating func write(_ node: Int, _ bytes: [UInt8], offset: Int64) {
    guard let file = cached.nodes[node], !bytes.isEmpty else { return }
    let sectorSize = Int64(DiskImage.sectorSize)
    var changes: [DiskImage.Change] = []
    let end = offset + Int64(bytes.count)
    for index in Int(offset / sectorSize)...Int((end - 1) / sectorSize) {
      let start = Int64(index) * sectorSize
      var sector = file.sectors[index] ?? [UInt8](repeating: 0, count: DiskImage.sectorSize)
      let from = max(start, offset)
      let to = min(start + sectorSize, end)
      sector.replaceSubrange(Int(from - start)..<Int(to - start), with: bytes[Int(from - offset)..<Int(to - offset)])
      changes.append(.sector(node: node, index: index, bytes: sector))
    }
    if end > file.size { changes.append(.size(node: node, end)) }
    record(changes)
  }

  mutating func takeSpace(_ bytes: Int64, _ operation: String) throws(DiskError) {
    guard let left = space, bytes > 0 else { return }
    guard bytes <= left else { throw DiskError(code: DiskError.full, operation: operation) }
    space = left - bytes
  }
}

/// What Linux does when data cannot be written: the pages count as clean. Names and folders are in the journal and stay on their way.
func lose(_ pending: inout [SimulatedDisk.Pending], _ node: Int?) {
  for index in pending.indices {
    if case .entries = pending[index].change { continue }
    if node.map({ pending[index].change.touches($0) }) ?? true { pending[index].isLost = true }
  }
}

/// Makes durable what `wanted` picks. An older change of the same place can then no longer come back.
func settle(_ pending: inout [SimulatedDisk.Pending], _ image: inout DiskImage, _ wanted: (DiskImage.Change) -> Bool) {
  var left: [SimulatedDisk.Pending] = []
  for item in pending {
    if item.isLost || !wanted(item.change) {
      left.append(item)
    } else {
      image.apply(item.change)
      left.removeAll { item.change.covers($0.change) }
    }
  }
  pending = left
}

extension DiskImage {
  mutating func add(_ node: Int, isDirectory: Bool, device: UInt64) {
    nodes[node] = Node(isDirectory: isDirectory, device: device)
    nextNode = max(nextNode, node + 1)
  }
}
