// SPDX-License-Identifier: Apache-2.0

/// Something wrong, or worth a word, at a place in a text.
package struct Diagnostic: Sendable {
  package enum Severity: String, Sendable { case error, warning }

  package let severity: Severity
  /// Nil for what has no line, such as a main file that cannot be read.
  package let location: SourceLocation?
  /// How many bytes from `location` on are meant; the caret line underlines them.
  package let length: Int
  package let message: String
  package let hint: String?

  package init(_ severity: Severity, _ location: SourceLocation?, length: Int = 1, _ message: String, hint: String? = nil) {
    self.severity = severity
    self.location = location
    self.length = length
    self.message = message
    self.hint = hint
  }

  package static func error(_ location: SourceLocation?, length: Int = 1, _ message: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.error, location, length: length, message, hint: hint)
  }

  package static func warning(_ location: SourceLocation?, length: Int = 1, _ message: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.warning, location, length: length, message, hint: hint)
  }

  /// About a whole located text: its first line is underlined.
  package static func error(_ text: LocatedText, _ message: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.error, text.start, length: text.count, message, hint: hint)
  }

  package static func warning(_ text: LocatedText, _ message: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.warning, text.start, length: text.count, message, hint: hint)
  }
}

extension Diagnostic {
  /// Whether it says the same of the same place.
  package func isSame(as other: Diagnostic) -> Bool {
    location?.source === other.location?.source && location?.offset == other.location?.offset && message == other.message
  }
}

extension Sequence<Diagnostic> {
  package var hasErrors: Bool { contains { $0.severity == .error } }

  /// In the order in which their files were first named, then by line and column; what has no place comes first.
  package func sortedByPlace() -> [Diagnostic] {
    var ranks: [ObjectIdentifier: Int] = [:]
    for case let location? in map(\.location) where ranks[ObjectIdentifier(location.source)] == nil {
      ranks[ObjectIdentifier(location.source)] = ranks.count
    }
    let keyed = enumerated().map { index, diagnostic in
      (diagnostic.location.flatMap { ranks[ObjectIdentifier($0.source)] } ?? -1, diagnostic.location?.offset ?? 0, index, diagnostic)
    }
    return keyed.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map(\.3)
  }
}
