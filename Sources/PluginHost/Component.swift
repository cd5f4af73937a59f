// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline

/// What a plugin says of one of its components: copied, so that a descriptor of another size or one that changes cannot hurt.
package struct Component: @unchecked Sendable {
  package enum OptionKind: UInt32, Sendable { case string, bool, int, duration, size, path, table }

  package struct Option: Sendable {
    package let name: String
    /// Nil: must be given.
    package let defaultValue: String?
    package let help: String
    package let kind: OptionKind
    package let isRepeatable: Bool
    package let isSecret: Bool
  }

  package let name: String
  package let help: String
  package let events: StageEvents
  package let rights: StageRights
  package let isBlocking: Bool
  package let isSerial: Bool
  package let wantsDecodedHeaders: Bool
  package let options: [Option]
  /// The properties it reads.
  package let properties: Set<String>

  let create:
    @convention(c) (UnsafePointer<weir_host>?, UnsafePointer<weir_pair>?, UInt64, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<CChar>?, UInt64)
      -> UnsafeMutableRawPointer?
  let destroy: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let onEvent: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<weir_ctx>?, UnsafePointer<weir_event>?) -> Int32
  let freeState: (@convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutableRawPointer?) -> Void)?

  private static let maximumOptions = 256
  private static let maximumProperties = 256

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
    self.name = name
    help = own.help.map { String(cString: $0) } ?? ""
    guard let create = own.create else { throw .component(name, "has no create function") }
    guard let destroy = own.destroy else { throw .component(name, "has no destroy function") }
    guard let onEvent = own.on_event else { throw .component(name, "has no on_event function") }
    self.create = create
    self.destroy = destroy
    self.onEvent = onEvent
    freeState = own.free_state
    events = StageEvents(rawValue: own.events).intersection(.all)
    rights = StageRights(rawValue: own.caps).intersection(.all)
    isBlocking = own.flags & UInt32(WEIR_BLOCKING) != 0
    isSerial = own.flags & UInt32(WEIR_SERIAL) != 0
    wantsDecodedHeaders = own.flags & UInt32(WEIR_DECODED_HEADERS) != 0
    options = try Component.options(own, name)
    properties = try Component.properties(own, name)
  }

  private static func options(_ own: weir_component, _ name: String) throws(PluginRefusal) -> [Option] {
    let count = Int(own.n_options)
    if count == 0 { return [] }
    guard count <= maximumOptions, let first = own.options else {
      throw .component(name, "says that it has \(count) options, and has none, or too many")
    }
    var options: [Option] = []
    for raw in UnsafeBufferPointer(start: first, count: count) {
      guard let rawName = raw.name, let optionName = identifier(rawName) else { throw .component(name, "has an option without a name") }
      guard let kind = OptionKind(rawValue: raw.type) else { throw .component(name, "has an option \(optionName) of unknown type \(raw.type)") }
      options.append(
        Option(
          name: optionName, defaultValue: raw.deflt.map { String(cString: $0) }, help: raw.help.map { String(cString: $0) } ?? "", kind: kind,
          isRepeatable: raw.flags & UInt32(WEIR_OPT_MANY) != 0, isSecret: raw.flags & UInt32(WEIR_OPT_SECRET) != 0))
    }
    return options
  }

  private static func properties(_ own: weir_component, _ name: String) throws(PluginRefusal) -> Set<String> {
    guard let first = own.props else { return [] }
    var found: Set<String> = []
    for index in 0..<maximumProperties {
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
