// SPDX-License-Identifier: MIT
import CWeir

/// What a plugin's one function returns, for the host.
///
///     private let plugin = Plugin(id: "org.example.lottery", version: "1", stages: [Lottery.self])
///     @_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
public struct Plugin: @unchecked Sendable {
  public typealias Descriptor = UnsafeRawPointer

  /// Lives until the process ends, as the host expects.
  public let descriptor: Descriptor?

  /// A plugin has at most `Registry.limit` stages and tables, and a program one plugin.
  public init(id: StaticString, version: StaticString, stages: [any Stage.Type] = [], tables: [any Table.Type] = []) {
    let components = UnsafeMutablePointer<UnsafePointer<weir_component>?>.allocate(capacity: stages.count + tables.count)
    var count = 0
    func add(_ part: Registry.Part, _ component: Component, kind: Int, _ functions: Functions) {
      guard let entry = Registry.add(part) else { return }
      components[count] = UnsafePointer(Self.describe(component, kind: kind, entry, functions))
      count += 1
    }
    for stage in stages { add(.stage(stage), stage.component, kind: WEIR_STAGE, (destroyInstance, handleEvent, freeState)) }
    for table in tables { add(.table(table), table.component, kind: WEIR_TABLE, (destroyTable, handleTableEvent, nil)) }
    let plugin = UnsafeMutablePointer<weir_plugin>.allocate(capacity: 1)
    plugin.initialize(
      to: weir_plugin(
        magic: UInt32(WEIR_MAGIC), size: UInt32(MemoryLayout<weir_plugin>.size), abi: Self.abi, abi_min: Self.abi,
        id: id.characters, version: version.characters, components: UnsafePointer(components), n_components: UInt64(count),
        extension: { Toolchain.table($0) }))
    descriptor = UnsafeRawPointer(plugin)
  }

  private static var abi: UInt32 { UInt32(WEIR_ABI_MAJOR) << 16 | UInt32(WEIR_ABI_MINOR) }

  private typealias Functions = (
    destroy: @convention(c) (UnsafeMutableRawPointer?) -> Void,
    onEvent: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<weir_ctx>?, UnsafePointer<weir_event>?) -> Int32,
    freeState: (@convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutableRawPointer?) -> Void)?
  )

  private static func describe(_ component: Component, kind: Int, _ entry: Entry, _ functions: Functions) -> UnsafeMutablePointer<weir_component> {
    let options = UnsafeMutablePointer<weir_option>.allocate(capacity: component.options.count)
    for (index, option) in component.options.enumerated() {
      let raw = weir_option(
        name: option.name.characters, deflt: option.defaultValue?.characters, help: option.help.characters,
        type: UInt32(truncatingIfNeeded: option.type), flags: UInt32(truncatingIfNeeded: option.flags))
      (options + index).initialize(to: raw)
    }
    let properties = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: component.properties.count + 1)
    for (index, property) in component.properties.enumerated() { (properties + index).initialize(to: property.characters) }
    (properties + component.properties.count).initialize(to: nil)
    let raw = UnsafeMutablePointer<weir_component>.allocate(capacity: 1)
    raw.initialize(
      to: weir_component(
        size: UInt32(MemoryLayout<weir_component>.size), kind: UInt32(truncatingIfNeeded: kind), name: component.name.characters,
        help: component.help.characters, events: component.events.rawValue, caps: component.capabilities.rawValue,
        flags: component.traits.rawValue, n_options: UInt32(clamping: component.options.count), options: UnsafePointer(options),
        props: component.properties.isEmpty ? nil : UnsafePointer(properties), create: entry, destroy: functions.destroy,
        on_event: functions.onEvent, free_state: functions.freeState))
    return raw
  }
}
