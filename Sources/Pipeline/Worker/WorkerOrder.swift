// SPDX-License-Identifier: Apache-2.0

/// What a worker process is to load, and what it may do while it runs.
package struct WorkerOrder: Equatable, Sendable {
  /// The stage's name.
  package var stage: String
  /// It is a table's, and no stage's.
  package var isTable = false
  /// The file, absolute.
  package var plugin: String
  /// In milliseconds, for events that a component leaves pending.
  package var timeout = 30_000
  /// Bytes of address space beyond those that it has when it starts.
  package var memory = 256 << 20
  package var descriptors = 256
  package var mayUseNetwork = false
  package var readablePaths: [String] = []
  package var writablePaths: [String] = []

  package init(stage: String, plugin: String) {
    self.stage = stage
    self.plugin = plugin
  }

  private static let maximumPaths = 1000

  func write(to writer: inout FrameWriter) {
    writer.text(stage)
    writer.text(plugin)
    writer.number(Int64(timeout))
    writer.number(Int64(memory))
    writer.number(Int64(descriptors))
    writer.flag(mayUseNetwork)
    writer.flag(isTable)
    writer.list(readablePaths) { $0.text($1) }
    writer.list(writablePaths) { $0.text($1) }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    stage = try reader.text()
    plugin = try reader.text()
    timeout = Int(try reader.number() as Int64)
    memory = Int(try reader.number() as Int64)
    descriptors = Int(try reader.number() as Int64)
    mayUseNetwork = try reader.flag()
    isTable = try reader.flag()
    readablePaths = try reader.list(limit: Self.maximumPaths) { reader throws(FrameError) in try reader.text() }
    writablePaths = try reader.list(limit: Self.maximumPaths) { reader throws(FrameError) in try reader.text() }
  }
}
