// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Files as they would be after some were changed.
struct EditedFiles: FileSource {
  let original: any FileSource
  private(set) var changed: [String: [UInt8]] = [:]

  init(_ original: any FileSource) { self.original = original }

  mutating func replace(_ path: String, with bytes: [UInt8]) { changed[path] = bytes }

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard let bytes = changed[path] else { return try original.read(path, limit: limit) }
    guard bytes.count <= limit else { throw .tooLong(limit: limit) }
    return bytes
  }

  func names(inFolder path: String) throws(FileError) -> [String] { try original.names(inFolder: path) }
}
