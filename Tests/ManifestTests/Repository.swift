// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of this checkout, found from where this source file was compiled.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every file below a folder with one of these extensions, as paths from the root.
  static func files(below folder: String, withExtension extensions: Set<String>) -> [String] {
    let start = root.appendingPathComponent(folder).path
    let names = FileManager.default.enumerator(atPath: start)?.compactMap { $0 as? String } ?? []
    return names.filter { extensions.contains(($0 as NSString).pathExtension) }.map { "\(folder)/\($0)" }.sorted()
  }

  static func lines(of path: String) throws -> [Substring] {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The module that a file of Sources/ belongs to.
  static func module(of path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }
}
