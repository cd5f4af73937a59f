// SPDX-License-Identifier: Apache-2.0

/// What `weir config` prints: `name = value` lines in the order of names, then the blocks.
package struct ConfigurationListing {
  package enum Selection: Sendable {
    /// Every setting with the value that counts.
    case all
    /// `-d`: every setting with its default.
    case defaults
    /// `-n`: what the file sets.
    case set
  }

  private let configuration: Configuration
  private let isExpanded: Bool
  private let hasNames: Bool

  /// `isExpanded` (`-x`) shows values with `$name` replaced; without `hasNames` (`-h`) there are values only.
  package init(_ configuration: Configuration, isExpanded: Bool = false, hasNames: Bool = true) {
    self.configuration = configuration
    self.isExpanded = isExpanded
    self.hasNames = hasNames
  }

  package func text(_ selection: Selection) -> String {
    let lines = names.compactMap { name in value(of: name, selection).map { line(name, $0) } }
    return lines.joined() + (selection == .defaults || !hasNames ? "" : protocols + blocks + transports + stages)
  }

  /// One setting, `listener/name` for one listener's, `listener`, `transport` and `stage` for all blocks; nil if there is none of that name.
  package func text(name: String, _ selection: Selection = .all) -> String? {
    if name == "listener" { return blocks }
    if name == "stage" { return stages }
    if name == "transport" { return transports }
    guard let place = SettingPlace(name) else { return nil }
    guard let listener = place.listener else { return names.contains(name) ? value(of: name, selection).map { line(name, $0) } ?? "" : nil }
    guard let values = configuration.listeners.first(where: { $0.name == listener })?.values, values.expanded(place.name) != nil else { return nil }
    return line(name, shown(place.name, values))
  }

  /// Those of the top level, users' own among them.
  private var names: [String] {
    let own = configuration.values.userDefinedNames + configuration.values.transportNames
    return (Schema.definitions.filter { $0.place != .listener }.map(\.name) + own).sorted()
  }

  /// Nil if the name is not among the selected.
  private func value(of name: String, _ selection: Selection) -> String? {
    let written = configuration.values.written(name)
    switch selection {
    case .all: return shown(name, configuration.values)
    case .set: return written == nil ? nil : shown(name, configuration.values)
    case .defaults:
      guard let definition = Schema.definition(name) else { return nil }
      // A default that the machine computes has no other text than its value.
      let computed = written == nil ? configuration.values.expanded(name) ?? "" : ""
      return definition.computedDefault == nil ? definition.defaultText : computed
    }
  }

  private func shown(_ name: String, _ values: SettingValues) -> String {
    let expanded = values.expanded(name) ?? ""
    if isExpanded { return expanded }
    if let written = values.written(name) { return written }
    let definition = Schema.anyDefinition(name)
    return definition?.computedDefault == nil ? definition?.defaultText ?? expanded : expanded
  }

  private var protocols: String {
    configuration.protocols.sorted { $0.key < $1.key }.map { name, settings in
      let lines = settings.sorted { $0.key < $1.key }.map { "  " + Self.line($0.key, DovecotValue.written($0.value)) }
      return "protocol \(name) {\n\(lines.joined())}\n"
    }.joined()
  }

  private var blocks: String { configuration.listeners.filter { !$0.ownNames.isEmpty }.map(block).joined() }

  private var stages: String {
    configuration.stages.filter { !$0.isImplied }.map { stage in
      let lines = stage.lines.map { "  " + Self.line($0.name.text, DovecotValue.written($0.value.text)) }
      return "stage \(stage.name.text) {\n\(lines.joined())}\n"
    }.joined()
  }

  private var transports: String {
    configuration.transports.map { transport in
      let lines = transport.lines.map { name, value in "  " + Self.line(name, DovecotValue.written(expanded(name, of: transport) ?? value)) }
      return "transport \(transport.name.text) {\n\(lines.joined())}\n"
    }.joined()
  }

  private func expanded(_ name: String, of transport: TransportBlock) -> String? {
    transport.ownNames.contains(name) ? transport.values.map { shown(name, $0) } : nil
  }

  private func block(_ listener: ListenerConfiguration) -> String {
    let lines = listener.ownNames.map { name in "  " + Self.line(name, DovecotValue.written(shown(name, listener.values))) }
    let name = listener.name.allSatisfy { !$0.isWhitespace && $0 != "{" } ? listener.name : "\"\(listener.name)\""
    return "listener \(name) {\n\(lines.joined())}\n"
  }

  private func line(_ name: String, _ value: String) -> String { hasNames ? Self.line(name, value) : value + "\n" }

  private static func line(_ name: String, _ value: String) -> String {
    value.isEmpty ? "\(name) =\n" : "\(name) = \(value)\n"
  }
}
