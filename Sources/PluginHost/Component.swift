// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline

/// What a plugin says of one of its components: copied, so that a descriptor of another size or one that changes cannot hurt.
@dynamicMemberLookup package struct Component: @unchecked Sendable {
  package let facts: ComponentFacts

  package subscript<Value>(dynamicMember path: KeyPath<ComponentFacts, Value>) -> Value { facts[keyPath: path] }

  let create:
    @convention(c) (UnsafePointer<weir_host>?, UnsafePointer<weir_pair>?, UInt64, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<CChar>?, UInt64)
      -> UnsafeMutableRawPointer?
  let destroy: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let onEvent: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<weir_ctx>?, UnsafePointer<weir_event>?) -> Int32
  let freeState: (@convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutableRawPointer?) -> Void)?

  /// Nil with a reason, in words that follow the component's name.
  init(_ raw: UnsafePointer<weir_component>) throws(PluginRefusal) {
    let declared = Int(raw.pointee.size)
    guard declared >= MemoryLayout<weir_component>.size else {
      throw .component(nil, "says that its descriptor has \(declared) bytes; ABI 0 has \(MemoryLayout<weir_component>.size)")
    }
    let own = raw.pointee
    guard let rawName = own.name, let name = Component.identifier(rawName) else {
      throw .component(nil, "has no name of letters, digits, '-' and '_'")
    }
    var facts = ComponentFacts(name: name)
    facts.help = own.help.map { String(cString: $0) } ?? ""
    guard let kind = ComponentFacts.Kind(rawValue: own.kind) else { throw .unknownKind(name, own.kind) }
    facts.kind = kind
    guard let create = own.create else { throw .component(name, "has no create function") }
    guard let destroy = own.destroy else { throw .component(name, "has no destroy function") }
    guard let onEvent = own.on_event else { throw .component(name, "has no on_event function") }
    self.create = create
    self.destroy = destroy
    self.onEvent = onEvent
    freeState = own.free_state
    facts.events = StageEvents(rawValue: own.events).intersection(kind == .stage ? .all : .table)
    if kind == .stage { facts.rights = StageRights(rawValue: own.caps).intersection(.all) }
    facts.keepsCase = own.flags & UInt32(WEIR_TABLE_EXACT_CASE) != 0
    facts.isBlocking = own.flags & UInt32(WEIR_BLOCKING) != 0
    facts.isSerial = own.flags & UInt32(WEIR_SERIAL) != 0
    facts.wantsDecodedHeaders = own.flags & UInt32(WEIR_DECODED_HEADERS) != 0
    facts.options = try Component.options(own, name)
    facts.properties = try Component.properties(own, name)
    self.facts = facts
  }

  private static func options(_ own: weir_component, _ name: String) throws(PluginRefusal) -> [ComponentFacts.Option] {
    let count = Int(own.n_options)
    if count == 0 { return [] }
    guard count <= ComponentFacts.maximumOptions, let first = own.options else {
      throw .component(name, "says that it has \(count) options, and has none, or too many")
    }
    var options: [ComponentFacts.Option] = []
    for raw in UnsafeBufferPointer(start: first, count: count) {
      guard let rawName = raw.name, let optionName = identifier(rawName) else { throw .component(name, "has an option without a name") }
      guard let kind = ComponentFacts.OptionKind(rawValue: raw.type) else {
        throw .component(name, "has an option \(optionName) of unknown type \(raw.type)")
      }
      options.append(
        ComponentFacts.Option(
          name: optionName, defaultValue: raw.deflt.map { String(cString: $0) }, help: raw.help.map { String(cString: $0) } ?? "", kind: kind,
          isRepeatable: raw.flags & UInt32(WEIR_OPT_MANY) != 0, isSecret: raw.flags & UInt32(WEIR_OPT_SECRET) != 0))
    }
    return options
  }

  private static func properties(_ own: weir_component, _ name: String) throws(PluginRefusal) -> Set<String> {
    guard let first = own.props else { return [] }
    var found: Set<String> = []
    for index in 0..<ComponentFacts.maximumProperties {
      guard let key = first[index] else { return found }
      found.insert(String(cString: key))
    }
    throw .component(name, "has a list of properties without an end")
  }

  static func identifier(_ raw: UnsafePointer<CChar>) -> String? {
    let text = String(cString: raw)
    let isGood =
      (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
    return isGood ? text : nil
  }
}
