// SPDX-License-Identifier: Apache-2.0
import CWeir
import Foundation
import Pipeline
import Testing

@testable import PluginHost

private let minor = Int(WEIR_ABI_MINOR)

/// The plugins of plugins/tests, which are wrong in one thing each. `tools/plugins tests` builds them.
@Suite struct RefusalTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".build/plugins/tests").path

  private func refusal(of name: String) -> String? {
    do throws(PluginRefusal) {
      _ = try Plugin(path: "\(Self.folder)/\(name).so")
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: ["plain", "torture", "torture_blocking", "torture_serial", "create_fails", "create_crashes", "everything", "table"])
  func isTaken(name: String) {
    #expect(refusal(of: name) == nil)
  }

  @Test(arguments: [
    ("no_symbol", "is no Weir plugin: it exports no function weir_plugin_v0"),
    ("other_major", "is a Weir plugin of another major version: it exports weir_plugin_v1, this Weir calls weir_plugin_v0"),
    ("null_descriptor", "weir_plugin_v0() returned NULL"),
    ("wrong_magic", "has the magic number 0x4c4f4f46, a Weir plugin has WEIR_MAGIC"),
    ("size_zero", "has a descriptor of 0 bytes, at least 56 are needed: set .size = sizeof(weir_plugin)"),
    ("size_short", "has a descriptor of 16 bytes, at least 56 are needed: set .size = sizeof(weir_plugin)"),
    ("abi_major", "was compiled for ABI major 7, this Weir has 0: compile it again with this Weir's headers"),
    ("abi_minor", "was compiled for ABI 0.\(minor + 1), this Weir has 0.\(minor); before 1.0 they must be the same: compile it again"),
    ("abi_min", "needs Weir ABI 0.\(minor + 40), this is 0.\(minor)"),
    ("no_components", "has 0 components; it must have one at least, and 64 at most"),
    ("null_component", "component without a name is missing: its pointer is NULL"),
    ("component_size_zero", "component without a name says that its descriptor has 0 bytes; ABI 0 has 96"),
    ("no_name", "component without a name has no name of letters, digits, '-' and '_'"),
    ("bad_name", "component without a name has no name of letters, digits, '-' and '_'"),
    ("no_create", "component plain has no create function"),
    ("no_destroy", "component plain has no destroy function"),
    ("no_on_event", "component plain has no on_event function"),
    ("unknown_kind", "component plain is of kind 77, which this Weir does not know"),
    ("no_options", "component plain says that it has 3 options, and has none, or too many"),
    ("option_type", "component plain has an option depth of unknown type 99"),
  ])
  func isRefused(name: String, reason: String) {
    #expect(refusal(of: name) == reason)
  }

  @Test func tellsWhatTheLinkerMissed() {
    let said = refusal(of: "undefined_symbol") ?? ""
    #expect(said.hasPrefix("cannot be loaded: "))
    #expect(said.contains("a_function_that_nobody_has"))
  }

  @Test func tellsThatThereIsNoFile() {
    #expect(refusal(of: "nothing")?.hasPrefix("cannot be loaded: ") == true)
  }

  @Test func createSaysWhy() throws {
    let plugin = try Plugin(path: "\(Self.folder)/create_fails.so")
    let component = try plugin.component(nil)
    #expect(throws: PluginRefusal.create("the moon is not full")) {
      _ = try ComponentInstance(component, name: "plain", options: [], posts: NoSessions()) { _, _, _ in }
    }
  }

  /// Whatever the operator or the plugin wrote, create() reads one form.
  @Test func optionsComeInOneForm() throws {
    let component = try Plugin(path: "\(Self.folder)/torture.so").component("torture")
    let given = ComponentOptions([.init("do", "slow"), .init("word", "x")], for: component)
    #expect(given.problems.isEmpty)
    #expect(given.options == [.init("do", "slow"), .init("word", "x"), .init("at", "HEADER"), .init("ms", "2000")])
    #expect(ComponentOptions([.init("ms", "150ms")], for: component).options.first == .init("ms", "150"))
  }

  @Test func createReadsTheOptions() throws {
    let component = try Plugin(path: "\(Self.folder)/torture.so").component("torture")
    let deed = [("do", "refuse"), ("at", "RCPT"), ("word", ""), ("ms", "20")].map(StageSettings.Option.init)
    let instance = try ComponentInstance(component, name: "torture", options: deed, posts: NoSessions()) { _, _, _ in }
    #expect(instance.events == StageEvent.rcpt.bit)
    #expect(throws: PluginRefusal.create("no such deed, no such event, or a word that is too long")) {
      _ = try ComponentInstance(component, name: "torture", options: [.init("do", "nonsense")], posts: NoSessions()) { _, _, _ in }
    }
  }
}

private final class NoSessions: PostOffice {
  func post(_ id: UInt64, instance: ComponentInstance, _ body: @escaping @Sendable (StageContext?) -> Void) -> Bool { false }
}
