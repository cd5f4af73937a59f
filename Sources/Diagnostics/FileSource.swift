// SPDX-License-Identifier: Apache-2.0

/// Where the texts come from: the file system in production, a dictionary in tests.
package protocol FileSource: Sendable {
  /// The whole file; an error if it is longer than `limit` bytes or must not be trusted.
  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8]

  /// The same without a copy, for files that may be big.
  func contents(of path: String, limit: Int) throws(FileError) -> FileContents

  /// What `keep` was given for this file, if this source has it from another process.
  func index(of path: String) -> FileContents?

  /// Takes an index that was made of a file, for processes that will read the same file; answers it as it is kept, or nil if it is not.
  func keep(index: FileContents, of path: String) -> FileContents?

  /// The names in a folder without `.` and `..`, in any order.
  func names(inFolder path: String) throws(FileError) -> [String]
}

extension FileSource {
  package func contents(of path: String, limit: Int) throws(FileError) -> FileContents { FileContents(try read(path, limit: limit)) }

  package func index(of path: String) -> FileContents? { nil }

  package func keep(index: FileContents, of path: String) -> FileContents? { nil }
}

/// Why a file could not be had, in words: "No such file or directory".
package struct FileError: Error, Equatable {
  package let reason: String

  package init(reason: String) { self.reason = reason }

  package static let notFound = FileError(reason: "No such file or directory")

  package static func tooLong(limit: Int) -> FileError { FileError(reason: "longer than \(limit) bytes") }
}

/// Files by their path, in memory.
package struct MemoryFiles: FileSource {
  private let files: [String: [UInt8]]

  package init(_ files: [String: String] = [:]) { self.files = files.mapValues { Array($0.utf8) } }

  package init(bytes files: [String: [UInt8]]) { self.files = files }

  package func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard let bytes = files[path] else { throw .notFound }
    guard bytes.count <= limit else { throw .tooLong(limit: limit) }
    return bytes
  }

  package func names(inFolder path: String) throws(FileError) -> [String] {
    let folder = path == "." ? "" : path.hasSuffix("/") ? path : path + "/"
    let names = files.keys.filter { $0.hasPrefix(folder) && $0 != folder }.compactMap { $0.dropFirst(folder.count).split(separator: "/").first }
    guard !names.isEmpty else { throw .notFound }
    return Set(names.map(String.init)).sorted()
  }
}
