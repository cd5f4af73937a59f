// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime

/// Remembers which files were read through it.
final class NotedFiles: FileSource {
  private let source = LinuxFiles()
  private let noted = Monitor<Set<String>>([])

  var paths: [String] { noted.withLock { $0.sorted() } }

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let bytes = try source.read(path, limit: limit)
    noted.withLock { _ = $0.insert(path) }
    return bytes
  }

  func contents(of path: String, limit: Int) throws(FileError) -> FileContents {
    let contents = try source.contents(of: path, limit: limit)
    noted.withLock { _ = $0.insert(path) }
    return contents
  }

  func names(inFolder path: String) throws(FileError) -> [String] { try source.names(inFolder: path) }
}
