// SPDX-License-Identifier: MIT
import CWeir

/// What a stage is, wants and may do: the host holds it to that.
public struct Component: Sendable {
  let name: StaticString
  let help: StaticString
  let events: EventSet
  let capabilities: Capabilities
  let traits: Traits
  let options: [Option]
  let properties: [StaticString]

  /// - Parameters:
  ///   - name: what the configuration calls it.
  ///   - properties: those that it reads, such as `client.addr`.
  public init(
    _ name: StaticString, help: StaticString, events: EventSet, capabilities: Capabilities = [], traits: Traits = [],
    options: [Option] = [], properties: [StaticString] = []
  ) {
    self.name = name
    self.help = help
    self.events = events
    self.capabilities = capabilities
    self.traits = traits
    self.options = options
    self.properties = properties
  }
}

/// What a stage may do. What is not here is refused; what is not needed costs the host work.
public struct Capabilities: OptionSet, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  private init(_ constant: Int) { rawValue = UInt64(truncatingIfNeeded: constant) }

  public static let headers = Capabilities(WEIR_CAP_HEADERS)
  public static let recipients = Capabilities(WEIR_CAP_RCPTS)
  public static let sender = Capabilities(WEIR_CAP_SENDER)
  public static let body = Capabilities(WEIR_CAP_BODY)
  public static let route = Capabilities(WEIR_CAP_ROUTE)
  public static let reject = Capabilities(WEIR_CAP_REJECT)
  public static let fields = Capabilities(WEIR_CAP_FIELDS)
  public static let content = Capabilities(WEIR_CAP_CONTENT)
}

public struct Traits: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  private init(_ constant: Int) { rawValue = UInt32(truncatingIfNeeded: constant) }

  /// `handle` may block: it is called on a thread of its own.
  public static let blocking = Traits(WEIR_BLOCKING)
  /// One call of `handle` at a time.
  public static let serial = Traits(WEIR_SERIAL)
  /// Header values come unfolded and decoded.
  public static let decodedHeaders = Traits(WEIR_DECODED_HEADERS)
}

/// A setting of the stage: the host checks it, gives the default, and documents it.
public struct Option: Sendable {
  let name: StaticString
  let defaultValue: StaticString?
  let help: StaticString
  let type: Int
  var flags = 0

  /// Without a default the operator must give it.
  public static func string(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_STRING)
  }
  public static func bool(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_BOOL)
  }
  public static func int(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_INT)
  }
  public static func duration(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_DURATION)
  }
  public static func size(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_SIZE)
  }
  public static func path(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_PATH)
  }
  public static func table(_ name: StaticString, default value: StaticString? = nil, help: StaticString) -> Option {
    Option(name: name, defaultValue: value, help: help, type: WEIR_OPT_TABLE)
  }

  /// It may appear more than once; `options.all` gives every value.
  public var many: Option { with(WEIR_OPT_MANY) }
  /// Its value is shown to nobody.
  public var secret: Option { with(WEIR_OPT_SECRET) }

  private func with(_ flag: Int) -> Option {
    var copy = self
    copy.flags |= flag
    return copy
  }
}

/// What the configuration says: checked, in its order, defaults filled in.
public struct Options {
  private let values: [(name: String, value: String)]

  init(_ pairs: Pairs) { values = pairs.map { (String($0.key), String($0.value)) } }

  /// The value; empty if the stage has no option of that name.
  public func string(_ name: String) -> String { values.last { $0.name == name }?.value ?? "" }
  public func bool(_ name: String) -> Bool { string(name) == "yes" }
  /// A number; of a duration its milliseconds, of a size its bytes.
  public func int(_ name: String) -> Int { Int(string(name)) ?? 0 }
  public func duration(_ name: String) -> Duration { .milliseconds(int(name)) }
  /// Every value of an option that may appear more than once.
  public func all(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }
}
