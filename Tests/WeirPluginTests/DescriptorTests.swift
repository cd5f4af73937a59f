// SPDX-License-Identifier: Apache-2.0
import CWeir
import Testing

@testable import WeirPlugin

private final class Sample: Stage {
  static let component = Component(
    "sample", help: "a sample", events: [.mail, .header], capabilities: [.reject, .headers], traits: .serial,
    options: [.string("word", help: "a word"), .int("depth", default: "3", help: "how deep").many], properties: ["client.addr"])

  init(host: Host, options: Options) throws {
    guard options.string("word") != "no" else { throw Refusal("not that word") }
  }

  func wanted(of granted: EventSet) -> EventSet { granted.intersection(.header) }

  func handle(_ event: Event, _ context: Context) -> Verdict { event.value.contains("spam" as StaticString) ? .reject.closing : .skip }
}

private let plugin = Plugin(id: "org.example.sample", version: "2", stages: [Sample.self])

@Suite struct DescriptorTests {
  private let raw: weir_plugin
  private let component: weir_component

  init() throws {
    raw = try #require(plugin.descriptor).assumingMemoryBound(to: weir_plugin.self).pointee
    component = try #require(raw.components[0]).pointee
  }

  @Test func isOfThisInterface() {
    #expect(raw.magic == UInt32(WEIR_MAGIC))
    #expect(raw.abi == UInt32(WEIR_ABI_MAJOR) << 16 | UInt32(WEIR_ABI_MINOR))
    #expect(raw.abi_min == raw.abi)
    #expect(String(cString: raw.id) == "org.example.sample")
    #expect(raw.n_components == 1)
  }

  @Test func saysWhatTheStageIs() throws {
    #expect(component.kind == UInt32(WEIR_STAGE))
    #expect(String(cString: component.name) == "sample")
    #expect(component.events == 1 << UInt64(WEIR_EV_MAIL) | 1 << UInt64(WEIR_EV_HEADER))
    #expect(component.caps == UInt64(WEIR_CAP_REJECT | WEIR_CAP_HEADERS))
    #expect(component.flags == UInt32(WEIR_SERIAL))
    #expect(try String(cString: #require(component.props[0])) == "client.addr")
    #expect(component.props[1] == nil)
  }

  @Test func saysItsOptions() {
    #expect(component.n_options == 2)
    #expect(component.options[0].deflt == nil)
    #expect(String(cString: component.options[1].deflt) == "3")
    #expect(component.options[1].type == UInt32(WEIR_OPT_INT))
    #expect(component.options[1].flags == UInt32(WEIR_OPT_MANY))
  }

  @Test func tellsItsCompiler() throws {
    let table = try #require(raw.extension(WEIR_SWIFT)).assumingMemoryBound(to: weir_swift.self).pointee
    #expect(table.version >= 0x06_02_00)
    #expect(raw.extension("weir.nothing/1") == nil)
  }

  /// Without a table for messages there is no stage; the reason fits the room that the host gives.
  @Test func refusesAHostThatCannotServeIt() {
    var reason = [CChar](repeating: 1, count: 12)
    var events = component.events
    #expect(component.create(nil, nil, 0, &events, &reason, 12) == nil)
    #expect(reason[11] == 0)
    #expect(reason.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } == "there is no")
  }
}
