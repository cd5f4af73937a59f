// SPDX-License-Identifier: Apache-2.0
import Testing

/// Rules of CONTRIBUTING.md that the compiler does not check.
@Suite struct SourceRuleTests {
  static let swiftFiles = Repository.files(below: "Sources", withExtension: ["swift"])
  static let allFiles =
    swiftFiles + Repository.files(below: "Sources/Shims", withExtension: ["c", "h"])
    + Repository.files(below: "Tests", withExtension: ["swift"]) + Repository.files(below: "fuzz", withExtension: ["swift", "c", "h"])
  static let platform: Set<String> = ["Glibc", "CLinux", "COpenSSL", "CUnbound"]

  private func imports(in path: String) throws -> [String] {
    try Repository.lines(of: path).compactMap { line in
      let words = line.split(separator: " ").filter { !$0.hasPrefix("@") && !["package", "internal", "private", "public"].contains($0) }
      guard words.first == "import", let module = words.last else { return nil }
      return String(module)
    }
  }

  @Test func thereAreSources() {
    #expect(Self.swiftFiles.count > 10)
  }

  @Test func firstLineIsTheLicence() throws {
    for path in Self.allFiles {
      let line = try Repository.lines(of: path).first ?? ""
      // What becomes part of other people's plugins is under the licence of include/.
      let licence = Repository.module(of: path) == "WeirPlugin" ? "MIT" : "Apache-2.0"
      #expect(line.contains("SPDX-License-Identifier: \(licence)"), "\(path) starts with \(line)")
    }
  }

  @Test func nothingImportsFoundation() throws {
    for path in Self.swiftFiles {
      let outside = try imports(in: path).filter { $0.hasPrefix("Foundation") || $0 == "Dispatch" }
      #expect(outside.isEmpty, "\(path) imports \(outside)")
    }
  }

  @Test func onlyRuntimeImportsThePlatform() throws {
    for path in Self.swiftFiles where Repository.module(of: path) != "Runtime" {
      let platform = try imports(in: path).filter(Self.platform.contains)
      #expect(platform.isEmpty, "\(path) imports \(platform); Runtime wraps what it needs")
    }
  }

  @Test(arguments: [
    "Bytes", "Diagnostics", "SMTP", "Message", "Settings", "Tables", "Pipeline", "Queue", "Events", "Names", "Restrictions", "Import",
  ])
  func pureModulesHaveNoThreadsAndNoClock(module: String) throws {
    for path in Self.swiftFiles where Repository.module(of: path) == module {
      let impure = try imports(in: path).filter { ["Synchronization", "_Concurrency", "Runtime"].contains($0) }
      #expect(impure.isEmpty, "\(path) imports \(impure)")
      for line in try Repository.lines(of: path) {
        #expect(!line.contains("ContinuousClock") && !line.contains("SuspendingClock"), "\(path) reads a clock")
      }
    }
  }

  @Test(arguments: ["try!", "as!", "TODO", "FIXME", "fatalError(\"un", "public func", "public struct", "public final class", "Task.detached"])
  func sourcesDoNotSay(word: String) throws {
    for path in Self.swiftFiles where !isForPlugins(path) || !word.hasPrefix("public") {
      for (number, line) in try Repository.lines(of: path).enumerated() {
        #expect(!line.contains(word), "\(path):\(number + 1): \(word)")
      }
    }
  }

  /// The face of the interface for plugins, and the text of plugins that the command writes.
  private func isForPlugins(_ path: String) -> Bool {
    Repository.module(of: path) == "WeirPlugin" || path.hasSuffix("/PluginTemplates.swift")
  }

  @Test func noModuleSharesItsNameWithAType() throws {
    for path in Self.swiftFiles {
      let module = Repository.module(of: path)
      for kind in ["struct", "enum", "class", "protocol", "actor"] {
        let found = try Repository.lines(of: path).filter { !$0.hasPrefix(" ") && ($0 + " ").contains("\(kind) \(module) ") }
        #expect(found.isEmpty, "\(path) declares \(found)")
      }
    }
  }
}
