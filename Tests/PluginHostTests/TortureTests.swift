// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime
import Testing

/// What a plugin may do to the process that it is in, and not end it: many sessions at once, for ThreadSanitizer to look at.
@Suite(.serialized) struct TortureTests {
  struct Deed: Sendable, CustomStringConvertible {
    let name: String
    let place: String
    let fails: Bool
    var description: String { name }

    init(_ name: String, _ place: String, fails: Bool = false) { (self.name, self.place, self.fails) = (name, place, fails) }
  }

  static let deeds = [
    Deed("nothing", "all"), Deed("never", "EOM", fails: true), Deed("twice", "EOM"), Deed("late", "EOM", fails: true), Deed("thread", "EOM"),
    Deed("post", "EOM"), Deed("post", "HEADER"), Deed("post_late", "EOM", fails: true), Deed("complete_now", "all"),
    Deed("complete_then_pend", "EOM", fails: true), Deed("stale_reply", "HEADER"), Deed("forged_id", "all"), Deed("undeclared", "EOM", fails: true),
    Deed("bad_edits", "EOM", fails: true), Deed("many_edits", "EOM", fails: true), Deed("many_requests", "EOM"), Deed("null_pointers", "EOM"),
    Deed("leak", "all"), Deed("no_verdict", "HEADER", fails: true), Deed("fail", "EOM", fails: true), Deed("offload", "EOM"),
    Deed("offload", "HEADER"),
    Deed("flood_log", "QUEUED"),
  ]

  private func fixture(_ deed: Deed, _ file: String) throws -> HostFixture {
    let settings = StageSettings(file, plugin: Built.plugin(file), timeout: deed.fails ? 100 : 60_000)
    let registry = SessionRegistry()
    return try HostFixture(registry: registry) { lines in
      let component = try Plugin(path: settings.plugin).component(file).facts
      let options = ComponentOptions([.init("do", deed.name), .init("at", deed.place), .init("ms", "300ms")], for: component)
      return [try .inProcess(settings, options: options.options, posts: registry, lines)]
    }
  }

  @Test(arguments: deeds, ["torture", "torture_blocking", "torture_serial"])
  func eachDeedInManySessions(deed: Deed, file: String) throws {
    // One at a time, it cannot be late with the second.
    let count = deed.fails && file == "torture_serial" ? 1 : 6
    let fixture = try fixture(deed, file)
    let said = fixture.messages(Array(repeating: "From: a@b.test\nSubject: x\n", count: count))
    for said in said {
      #expect(said.text == (deed.fails ? "451 Service unavailable - try again later" : nil), "\(deed.name)")
    }
    // Its threads use the instance, which goes with the fixture.
    if deed.name == "post_late" {
      for _ in 0..<5000 where fixture.lines.all.count(where: { $0.contains("late post") }) < count { Thread.sleep(.milliseconds(1)) }
      Thread.sleep(.milliseconds(20))
    }
  }
}
