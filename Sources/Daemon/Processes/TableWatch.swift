// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The tables of the configuration that is served: whether one has changed on the disk, so that all are to be read anew.
///
/// A table is taken up when it has stayed as it is from one look to the next, so that nobody reads what an editor is still writing. Where the configuration itself has
/// changed as well, its author decides when it is ready.
struct TableWatch {
  enum Finding: Equatable {
    case nothing
    case changed([String])
    /// Tables have changed, and so has this file of the configuration.
    case held(by: String)
  }

  private let status: (String) -> FileStatus?
  /// As they were when they were read.
  private let tables: [String: FileStatus?]
  private let configuration: [String: FileStatus?]
  /// As they were at the last look.
  private var seen: [String: FileStatus?]
  /// What was told of already.
  private var told: [String: FileStatus?] = [:]
  private var isHeld = false

  init(_ files: RecordedFiles, status: @escaping (String) -> FileStatus? = Self.onDisk) {
    self.status = status
    let lengths = files.views.filter { !$0.key.contains("\0") }
    // One that is not as long as what was read has changed since.
    tables = Dictionary(uniqueKeysWithValues: lengths.map { path, range in (path, status(path).flatMap { $0.size == range.count ? $0 : nil }) })
    configuration = Dictionary(uniqueKeysWithValues: files.files.keys.map { ($0, status($0)) })
    seen = tables
  }

  var isEmpty: Bool { tables.isEmpty }

  mutating func look() -> Finding {
    let now = Dictionary(uniqueKeysWithValues: tables.keys.map { ($0, status($0)) })
    defer { seen = now }
    let changed = tables.keys.filter { now[$0] != tables[$0] }.sorted()
    // A file that is not there is about to be, or its absence is what `weir reload` would complain about.
    guard !changed.isEmpty, now == seen, now != told, changed.allSatisfy({ now[$0] ?? nil != nil }) else { return .nothing }
    if let path = configuration.keys.sorted().first(where: { status($0) != configuration[$0] }) {
      defer { isHeld = true }
      return isHeld ? .nothing : .held(by: path)
    }
    told = now
    return .changed(changed)
  }

  private static func onDisk(_ path: String) -> FileStatus? { try? LinuxDisk().status(path, at: nil) }
}
