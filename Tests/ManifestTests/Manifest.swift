// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What `swift package dump-package` says, as far as these tests look.
struct Manifest: Decodable {
  let targets: [Target]
  let swiftLanguageVersions: [String]

  struct Target: Decodable {
    let name: String
    let path: String
    let type: String
    let dependencies: [Dependency]
    let settings: [Setting]

    /// A target in C: what it declares is for Swift to import.
    var isShim: Bool { Repository.files(below: path, withExtension: ["swift"]).isEmpty }
    var isSource: Bool { path.hasPrefix("Sources/") && !isShim }
  }

  struct Dependency: Decodable {
    let byName: [String?]?
    var name: String { byName?.first.flatMap(\.self) ?? "?" }
  }

  struct Setting: Decodable {
    let tool: String
    let kind: [String: Value]
    let condition: Condition?

    struct Value: Decodable {
      let text: String

      init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: Key.self)
        let one = try? box.decode(String.self, forKey: ._0)
        text = try one ?? box.decode([String].self, forKey: ._0).joined(separator: " ")
      }

      enum Key: String, CodingKey { case _0 }
    }

    struct Condition: Decodable { let config: String? }
  }

  /// Reads the manifest of this checkout, once. The scratch folder is its own: `swift test` holds the lock of the usual one.
  static let current = Result { try read() }

  private static func read() throws -> Manifest {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("weir-manifest-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swift", "package", "--package-path", Repository.root.path, "--scratch-path", scratch.path, "dump-package"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Manifest.self, from: bytes)
  }
}
