// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct BuildSettingTests {
  @Test func languageModeIsSwift6() throws {
    #expect(try Manifest.current.get().swiftLanguageVersions == ["6"])
  }

  @Test(arguments: [
    ("enableUpcomingFeature", "ExistentialAny"),
    ("enableUpcomingFeature", "NonisolatedNonsendingByDefault"),
    ("treatAllWarnings", "error"),
  ])
  func everySwiftTargetSets(kind: String, value: String) throws {
    for target in try Manifest.current.get().targets where !target.isShim {
      let values = target.settings.filter { $0.tool == "swift" && $0.condition == nil }.compactMap { $0.kind[kind]?.text }
      #expect(values.contains(value), "\(target.name) lacks \(kind) \(value)")
    }
  }

  @Test func shimsCompileWithoutWarnings() throws {
    for target in try Manifest.current.get().targets where target.isShim && target.path.hasPrefix("Sources/") {
      let flags = target.settings.filter { $0.tool == "c" }.compactMap { $0.kind["unsafeFlags"]?.text }
      #expect(flags.contains("-Wall -Wextra -Werror"), "\(target.name) compiles C with warnings")
    }
  }

  /// Tests run with exclusivity checks; only release builds go without.
  @Test func exclusivityIsUncheckedInReleaseOnly() throws {
    for target in try Manifest.current.get().targets {
      for setting in target.settings where setting.kind["unsafeFlags"]?.text.contains("exclusivity") == true {
        #expect(setting.condition?.config == "release", "\(target.name) drops exclusivity checks in debug builds")
      }
    }
  }
}
