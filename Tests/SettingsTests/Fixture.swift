// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation

/// The files below Tests/SettingsTests/Fixtures: `NAME.conf` is a configuration, `NAME.expected` what `weir check` says of it, and below a line
/// `---` what it sets.
///
/// With WEIR_RECORD in the environment the tests write what they find, to be read before it is committed.
enum Fixture {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let folder = root.appendingPathComponent("Fixtures")
  static let repository = root.deletingLastPathComponent().deletingLastPathComponent()
  static let isRecording = ProcessInfo.processInfo.environment["WEIR_RECORD"] != nil

  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".conf") }.map { String($0.dropLast(5)) }
    .sorted()

  /// Every file below the folder by its relative path, as if the folder were the root.
  static let files: MemoryFiles = {
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    let pairs = names.compactMap { name in
      (try? Data(contentsOf: folder.appendingPathComponent(name))).map { ("/" + name, Array($0)) }
    }
    return MemoryFiles(bytes: Dictionary(pairs) { first, _ in first })
  }()

  static func text(_ url: URL) -> String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }

  /// What is expected; first written, if the tests record.
  static func expected(_ url: URL, found: String) throws -> String {
    if isRecording { try Data(found.utf8).write(to: url) }
    return text(url)
  }
}
