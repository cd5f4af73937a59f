// SPDX-License-Identifier: Apache-2.0

/// What is on a simulated disk, as a value: files in sectors of 512 bytes, and folders.
package struct DiskImage: Sendable {
  package static let sectorSize = 512
  static let root = 1

  var nodes: [Int: Node] = [root: Node(isDirectory: true, device: 1)]
  var nextNode = 2

  struct Node: Sendable {
    var isDirectory: Bool
    var device: UInt64
    var size: Int64 = 0
    /// Missing ones read as zeros.
    var sectors: [Int: [UInt8]] = [:]
    var entries: [String: Int] = [:]

    init(isDirectory: Bool, device: UInt64) {
      self.isDirectory = isDirectory
      self.device = device
    }
  }

  package init() {}

  /// One thing that can reach the disk or not when the power fails.
  enum Change: Sendable {
    case sector(node: Int, index: Int, bytes: [UInt8])
    case size(node: Int, Int64)
    /// All or nothing, as a journal keeps them: a create has one, a rename two.
    case entries([Entry])

    struct Entry: Sendable {
      let directory: Int
      let name: String
      let node: Int?
    }

    /// Belongs to this file or folder.
    func touches(_ wanted: Int) -> Bool {
      switch self {
      case .sector(let node, _, _), .size(let node, _): node == wanted
      case .entries(let entries): entries.contains { $0.directory == wanted }
      }
    }

    /// Makes an older `other` meaningless.
    func covers(_ other: Change) -> Bool {
      switch (self, other) {
      case (.sector(let node, let index, _), .sector(let old, let oldIndex, _)): node == old && index == oldIndex
      case (.size(let node, _), .size(let old, _)): node == old
      case (.entries(let new), .entries(let old)):
        old.allSatisfy { old in new.contains { $0.directory == old.directory && $0.name == old.name } }
      default: false
      }
    }
  }

  mutating func apply(_ change: Change) {
    switch change {
    case .sector(let node, let index, let bytes): nodes[node]?.sectors[index] = bytes
    case .size(let node, let size): resize(node, size)
    case .entries(let entries):
      for entry in entries { nodes[entry.directory]?.entries[entry.name] = entry.node }
    }
  }

  private mutating func resize(_ node: Int, _ size: Int64) {
    guard let old = nodes[node]?.size else { return }
    nodes[node]?.size = size
    guard size < old, let sectors = nodes[node]?.sectors else { return }
    let kept = Int((size + Int64(Self.sectorSize) - 1) / Int64(Self.sectorSize))
    nodes[node]?.sectors = sectors.filter { $0.key < kept }
  }

  // MARK: reading

  /// The node at a path from `start`.
  func find(_ path: String, from start: Int) -> Int? {
    var node = path.hasPrefix("/") ? Self.root : start
    for part in path.split(separator: "/") where part != "." {
      guard let next = nodes[node]?.entries[String(part)] else { return nil }
      node = next
    }
    return node
  }

  func read(_ node: Int, offset: Int64, count: Int) -> [UInt8] {
    guard let file = nodes[node] else { return [] }
    let end = min(file.size, offset + Int64(count))
    var bytes: [UInt8] = []
    var position = offset
    while position < end {
      let within = Int(position % Int64(Self.sectorSize))
      let take = min(Self.sectorSize - within, Int(end - position))
      if let sector = file.sectors[Int(position / Int64(Self.sectorSize))] {
        bytes += sector[within..<(within + take)]
      } else {
        bytes += [UInt8](repeating: 0, count: take)
      }
      position += Int64(take)
    }
    return bytes
  }

  /// The content of a file, for tests.
  package func file(_ path: String) -> [UInt8]? {
    guard let node = find(path, from: Self.root), let file = nodes[node], !file.isDirectory else { return nil }
    return read(node, offset: 0, count: Int(file.size))
  }

  /// The names in a folder, for tests; sorted.
  package func names(_ path: String) -> [String] {
    find(path, from: Self.root).flatMap { nodes[$0]?.entries.keys.sorted() } ?? []
  }

  /// Flips a bit, as a dying medium does.
  package mutating func damage(_ path: String, at offset: Int64) {
    guard let node = find(path, from: Self.root) else { return }
    let index = Int(offset / Int64(Self.sectorSize))
    var sector = nodes[node]?.sectors[index] ?? [UInt8](repeating: 0, count: Self.sectorSize)
    sector[Int(offset % Int64(Self.sectorSize))] ^= 0x40
    nodes[node]?.sectors[index] = sector
  }

  /// Takes a file away, or moves it, as its reader would; for tests.
  package mutating func remove(_ path: String) {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, let parent = find(parts.dropLast().joined(separator: "/"), from: Self.root) else { return }
    nodes[parent]?.entries[name] = nil
  }
}
