// SPDX-License-Identifier: Apache-2.0

/// What a plugin says of one of its components, as values.
package struct ComponentFacts: Equatable, Sendable {
  package enum OptionKind: UInt32, CaseIterable, Sendable { case string, bool, int, duration, size, path, table }

  package struct Option: Equatable, Sendable {
    package let name: String
    /// Nil: must be given.
    package let defaultValue: String?
    package let help: String
    package let kind: OptionKind
    package let isRepeatable: Bool
    package let isSecret: Bool

    package init(name: String, defaultValue: String?, help: String, kind: OptionKind, isRepeatable: Bool, isSecret: Bool) {
      self.name = name
      self.defaultValue = defaultValue
      self.help = help
      self.kind = kind
      self.isRepeatable = isRepeatable
      self.isSecret = isSecret
    }
  }

  /// Which of those that Weir knows.
  package enum Kind: UInt32, Sendable { case stage = 1, table = 2 }

  package var name: String
  package var kind = Kind.stage
  package var help = ""
  package var events: StageEvents = []
  package var rights: StageRights = []
  package var isBlocking = false
  package var isSerial = false
  package var wantsDecodedHeaders = false
  /// Of a table: its keys come as they are.
  package var keepsCase = false
  package var options: [Option] = []
  /// The properties it reads.
  package var properties: Set<String> = []

  package init(name: String) { self.name = name }

  package static let maximumOptions = 256
  package static let maximumProperties = 256
}

/// What a plugin file says of itself.
package struct PluginFacts: Equatable, Sendable {
  package var id = ""
  package var version = ""
  package var components: [ComponentFacts] = []
  /// Components that this Weir cannot use, in words.
  package var refused: [String] = []

  package init() {}

  package static let maximumComponents = 64
}

extension ComponentFacts {
  func write(to writer: inout FrameWriter) {
    writer.text(name)
    writer.number(kind.rawValue)
    writer.text(help)
    writer.number(events.rawValue)
    writer.number(rights.rawValue)
    writer.flag(isBlocking)
    writer.flag(isSerial)
    writer.flag(wantsDecodedHeaders)
    writer.flag(keepsCase)
    writer.list(options) { $1.write(to: &$0) }
    writer.list(properties.sorted()) { $0.text($1) }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    name = try reader.text()
    guard let kind = Kind(rawValue: try reader.number()) else { throw FrameError("a component is of no known kind") }
    self.kind = kind
    help = try reader.text()
    events = StageEvents(rawValue: try reader.number()).intersection(.all)
    rights = StageRights(rawValue: try reader.number()).intersection(.all)
    isBlocking = try reader.flag()
    isSerial = try reader.flag()
    wantsDecodedHeaders = try reader.flag()
    keepsCase = try reader.flag()
    options = try reader.list(limit: Self.maximumOptions) { reader throws(FrameError) in try Option(from: &reader) }
    properties = Set(try reader.list(limit: Self.maximumProperties) { reader throws(FrameError) in try reader.text() })
  }
}

extension ComponentFacts.Option {
  func write(to writer: inout FrameWriter) {
    writer.text(name)
    writer.optional(defaultValue) { $0.text($1) }
    writer.text(help)
    writer.number(kind.rawValue)
    writer.flag(isRepeatable)
    writer.flag(isSecret)
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    name = try reader.text()
    defaultValue = try reader.optional { reader throws(FrameError) in try reader.text() }
    help = try reader.text()
    guard let kind = ComponentFacts.OptionKind(rawValue: try reader.number()) else { throw FrameError("an option is of no known kind") }
    self.kind = kind
    isRepeatable = try reader.flag()
    isSecret = try reader.flag()
  }
}

extension PluginFacts {
  func write(to writer: inout FrameWriter) {
    writer.text(id)
    writer.text(version)
    writer.list(components) { $1.write(to: &$0) }
    writer.list(refused) { $0.text($1) }
  }

  init(from reader: inout FrameReader) throws(FrameError) {
    id = try reader.text()
    version = try reader.text()
    components = try reader.list(limit: Self.maximumComponents) { reader throws(FrameError) in try ComponentFacts(from: &reader) }
    refused = try reader.list(limit: Self.maximumComponents) { reader throws(FrameError) in try reader.text() }
  }
}
