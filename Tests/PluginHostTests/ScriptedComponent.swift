// SPDX-License-Identifier: Apache-2.0
import CWeir
import Glibc
import Pipeline
import Runtime

@testable import PluginHost

/// A component whose callbacks are closures of the test.
final class ScriptedComponent: @unchecked Sendable {
  typealias Context = UnsafeMutablePointer<weir_ctx>
  typealias Event = UnsafePointer<weir_event>

  let onEvent: @Sendable (ScriptedComponent, Context, Event) -> Int32
  var host: UnsafePointer<weir_host>?
  private let freedStates = Monitor<[(scope: UInt32, state: Int)]>([])
  var freed: [(scope: UInt32, state: Int)] { freedStates.withLock { $0 } }
  var isDestroyed = false

  private static let scripts = Monitor<[String: ScriptedComponent]>([:])

  init(_ onEvent: @escaping @Sendable (ScriptedComponent, Context, Event) -> Int32) { self.onEvent = onEvent }

  var message: UnsafePointer<weir_message>? {
    host?.pointee.extension(host, WEIR_MESSAGE).map { $0.assumingMemoryBound(to: weir_message.self) }
  }

  /// A stage of it.
  func stage(
    _ name: String = "scripted", events: StageEvents = .all, rights: StageRights = .all, flags: Int = 0, properties: Set<String> = [],
    posts: any PostOffice,
    configure: (inout StageSettings) -> Void = { _ in }, log: @escaping PluginLog = { _, _, _ in }
  ) throws -> Stage {
    let key = "\(ObjectIdentifier(self))"
    Self.scripts.withLock { $0[key] = self }
    let component = try component(name, events, rights, flags, properties)
    let instance = try ComponentInstance(component, name: name, options: [StageSettings.Option("key", key)], posts: posts, log: log)
    var settings = StageSettings(name: name, plugin: "")
    settings.mode = .inprocess
    configure(&settings)
    return Stage(settings, instance, log: log)
  }

  private func component(_ name: String, _ events: StageEvents, _ rights: StageRights, _ flags: Int, _ properties: Set<String>) throws -> Component {
    var raw = weir_component()
    raw.size = UInt32(MemoryLayout<weir_component>.size)
    raw.kind = UInt32(WEIR_STAGE)
    raw.events = events.rawValue
    raw.caps = rights.rawValue
    raw.flags = UInt32(flags)
    raw.create = { host, options, count, _, _, _ in
      guard count == 1, let value = options?.pointee.value, let script = ScriptedComponent.script(value.string) else { return nil }
      script.host = host
      return Unmanaged.passRetained(script).toOpaque()
    }
    raw.destroy = { raw in
      guard let raw else { return }
      Unmanaged<ScriptedComponent>.fromOpaque(raw).takeRetainedValue().isDestroyed = true
    }
    raw.on_event = { raw, context, event in
      guard let raw, let context, let event else { return 99 }
      let script = Unmanaged<ScriptedComponent>.fromOpaque(raw).takeUnretainedValue()
      return script.onEvent(script, context, event)
    }
    raw.free_state = { raw, scope, state in
      guard let raw else { return }
      Unmanaged<ScriptedComponent>.fromOpaque(raw).takeUnretainedValue().freedStates.withLock { $0.append((scope, Int(bitPattern: state))) }
    }
    let keys = properties.sorted().map { strdup($0) }
    defer { for key in keys { free(key) } }
    let list: [UnsafePointer<CChar>?] = keys.map { UnsafePointer($0) } + [nil]
    return try name.withCString { name in
      try list.withUnsafeBufferPointer { list in
        raw.name = name
        raw.props = list.baseAddress
        return try Component(&raw)
      }
    }
  }

  private static func script(_ key: String) -> ScriptedComponent? { scripts.withLock { $0[key] } }
}

extension weir_str {
  var string: String { String(decoding: UnsafeRawBufferPointer(start: ptr, count: len), as: UTF8.self) }
}
