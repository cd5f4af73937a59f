// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime

/// Remembers all that was read through it, so that another process can read the very same.
///
/// A process that dies is started again with the configuration that was checked, not with what an editor has just saved. Big files are in memory
/// once: this process and those that get the memory look at the same pages.
final class RecordingFiles: FileSource {
  private let source: any FileSource
  private let memory: SharedMemory
  private let record = Monitor(RecordedFiles())

  /// What is big goes to `memory`.
  init(_ source: any FileSource, memory: SharedMemory) {
    self.source = source
    self.memory = memory
  }

  var recorded: RecordedFiles { record.withLock { $0 } }

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let bytes = try source.read(path, limit: limit)
    record.withLock { $0.files[path] = bytes }
    return bytes
  }

  func contents(of path: String, limit: Int) throws(FileError) -> FileContents {
    let read = try source.contents(of: path, limit: limit)
    do throws(SystemError) {
      return try share(read, as: path)
    } catch {
      throw FileError(reason: "\(error)")
    }
  }

  private func share(_ contents: FileContents, as name: String) throws(SystemError) -> FileContents {
    let begin = try contents.withBytes { bytes throws(SystemError) in try memory.append(bytes) }
    let range = begin..<(begin + contents.count)
    let view = try memory.view(range)
    record.withLock { $0.views[name] = range }
    return FileContents(view, 0..<range.count)
  }

  func keep(index: FileContents, of path: String) -> FileContents? { try? share(index, as: RecordedFiles.indexName(path)) }

  func names(inFolder path: String) throws(FileError) -> [String] {
    let names = try source.names(inFolder: path)
    record.withLock { $0.folders[path] = names }
    return names
  }
}

/// Files and folders as they were when they were read.
struct RecordedFiles: FileSource {
  var files: [String: [UInt8]] = [:]
  /// Big files and their indexes: where they are in the memory.
  var views: [String: Range<Int>] = [:]
  var folders: [String: [String]] = [:]
  var memory: MemoryView?

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard let bytes = files[path] else { return try contents(of: path, limit: limit).array }
    guard bytes.count <= limit else { throw FileError.tooLong(limit: limit) }
    return bytes
  }

  func contents(of path: String, limit: Int) throws(FileError) -> FileContents {
    guard let range = views[path], let memory, range.upperBound <= memory.bytes.count else {
      guard let bytes = files[path] else { throw FileError.notFound }
      return FileContents(bytes)
    }
    guard range.count <= limit else { throw FileError.tooLong(limit: limit) }
    return FileContents(memory, range)
  }

  /// What the supervisor made of a file is not made again.
  func index(of path: String) -> FileContents? {
    guard let range = views[Self.indexName(path)], let memory, range.upperBound <= memory.bytes.count else { return nil }
    return FileContents(memory, range)
  }

  /// No path has a NUL.
  fileprivate static func indexName(_ path: String) -> String { path + "\0index" }

  func names(inFolder path: String) throws(FileError) -> [String] {
    guard let names = folders[path] else { throw FileError.notFound }
    return names
  }
}

extension FileContents {
  fileprivate convenience init(_ view: MemoryView, _ range: Range<Int>) {
    self.init(UnsafeRawBufferPointer(rebasing: view.bytes[range])) { extendLifetime(view) }
  }
}
