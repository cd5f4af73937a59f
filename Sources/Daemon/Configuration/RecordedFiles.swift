// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

/// Remembers all that was read through it, so that another process can read the very same.
///
/// A process that dies is started again with the configuration that was checked, not with what an editor has just saved.
final class RecordingFiles: FileSource {
  private let source: any FileSource
  private let record = Mutex(RecordedFiles())

  init(_ source: any FileSource) { self.source = source }

  var recorded: RecordedFiles { record.withLock { $0 } }

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let bytes = try source.read(path, limit: limit)
    record.withLock { $0.files[path] = bytes }
    return bytes
  }

  func names(inFolder path: String) throws(FileError) -> [String] {
    let names = try source.names(inFolder: path)
    record.withLock { $0.folders[path] = names }
    return names
  }
}

/// Files and folders as they were when they were read.
struct RecordedFiles: FileSource, Equatable {
  var files: [String: [UInt8]] = [:]
  var folders: [String: [String]] = [:]

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard let bytes = files[path] else { throw FileError.notFound }
    guard bytes.count <= limit else { throw FileError.tooLong(limit: limit) }
    return bytes
  }

  func names(inFolder path: String) throws(FileError) -> [String] {
    guard let names = folders[path] else { throw FileError.notFound }
    return names
  }
}
