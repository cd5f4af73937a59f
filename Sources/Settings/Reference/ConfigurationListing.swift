// SPDX-License-Identifier: Apache-2.0

/// What `weir config` prints: `name = value` lines in the order of names, then the listeners.
package struct ConfigurationListing {
  package enum Selection: Sendable {
    /// Every setting with the value that counts.
    case all
    /// `-d`: every setting with its default.
    case defaults
    /// `-n`: what the file sets to something else than the default.
    case nonDefault
  }

  private let configuration: Configuration
  private let isExpanded: Bool

  /// `isExpanded` (`-x`) shows values with `$name` replaced.
  package init(_ configuration: Configuration, isExpanded: Bool = false) {
    self.configuration = configuration
    self.isExpanded = isExpanded
  }

  package func text(_ selection: Selection) -> String {
    let definitions = Schema.definitions.filter { $0.place != .listener }.sorted { $0.name < $1.name }
    let lines = definitions.compactMap { line($0, selection) }
    let blocks = selection == .defaults ? [] : configuration.listeners.filter { !$0.ownNames.isEmpty }.map(block)
    return lines.joined() + blocks.joined()
  }

  /// One setting; nil if there is none of that name.
  package func text(name: String) -> String? {
    Schema.definition(name).flatMap { line($0, .all) }
  }

  private func line(_ definition: Definition, _ selection: Selection) -> String? {
    let written = configuration.values.written(definition.name)
    let expanded = configuration.values.expanded(definition.name) ?? ""
    // A default that the machine computes has no other text than its value.
    let ofDefault = isExpanded && written == nil || definition.computedDefault != nil && written == nil ? expanded : definition.defaultText
    switch selection {
    case .all: return Self.line(definition.name, written.map { isExpanded ? expanded : $0 } ?? ofDefault)
    case .defaults: return Self.line(definition.name, definition.computedDefault == nil ? definition.defaultText : written == nil ? expanded : "")
    case .nonDefault:
      guard let written, written != definition.defaultText else { return nil }
      return Self.line(definition.name, isExpanded ? expanded : written)
    }
  }

  private func block(_ listener: ListenerConfiguration) -> String {
    let lines = listener.ownNames.map { name in
      let value = (isExpanded ? listener.values.expanded(name) : listener.values.written(name)) ?? ""
      return "  " + Self.line(name, Self.quoted(value))
    }
    let name = listener.name.allSatisfy { !$0.isWhitespace && $0 != "{" } ? listener.name : "\"\(listener.name)\""
    return "listener \(name) {\n\(lines.joined())}\n"
  }

  private static func line(_ name: String, _ value: String) -> String {
    value.isEmpty ? "\(name) =\n" : "\(name) = \(value)\n"
  }

  /// Inside braces `#` starts a comment and a quote a quoted value.
  private static func quoted(_ value: String) -> String {
    guard value.contains("#") || value.hasPrefix("\"") || value.hasPrefix("'") || value.hasSuffix("\\") else { return value }
    return "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
