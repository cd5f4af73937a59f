// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import Tables

/// What a definition says besides its name, type, default and paragraph.
struct Traits {
  var origin = Definition.Origin.postfix
  var place = Definition.Place.topLevel
  var expands = true
  var computedDefault: String?

  /// Postfix's, at the top level or in a listener block.
  static let anywhere = Traits(place: .anywhere)
  static let topLevel = Traits()
  static let unexpanded = Traits(place: .anywhere, expands: false)
  static let dovecot = Traits(origin: .dovecot)
  static let weir = Traits(origin: .weir)
  static let weirAnywhere = Traits(origin: .weir, place: .anywhere)
  static let listener = Traits(origin: .weir, place: .listener)
}

extension Key {
  init(
    _ name: String, _ type: ValueType, _ defaultText: String, _ traits: Traits, _ example: String, _ paragraph: String, fallback: Value,
    extract: @escaping @Sendable (ParsedValue) -> Value?
  ) {
    definition = Definition(
      name: name, type: type, defaultText: defaultText, computedDefault: traits.computedDefault, origin: traits.origin, place: traits.place,
      expands: traits.expands, example: example,
      paragraph: paragraph)
    self.fallback = fallback
    self.extract = extract
  }
}

extension Key<Bool> {
  static func boolean(_ name: String, _ value: Bool, _ traits: Traits = .topLevel, example: String = "", _ paragraph: String) -> Key {
    Key(name, .boolean, value ? "yes" : "no", traits, example.isEmpty ? value ? "no" : "yes" : example, paragraph, fallback: value) {
      if case .boolean(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<Bool> {
  /// One whose default is another setting.
  static func boolean(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .boolean, text, traits, example, paragraph, fallback: false) {
      if case .boolean(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<Int> {
  static func integer(
    _ name: String, _ value: Int, in range: ClosedRange<Int> = 0...Int(Int32.max), _ traits: Traits = .topLevel, example: String, _ paragraph: String
  ) -> Key {
    Key(name, .integer(range), String(value), traits, example, paragraph, fallback: value) {
      if case .integer(let value) = $0 { value } else { nil }
    }
  }

  static func integer(
    _ name: String, _ text: String, in range: ClosedRange<Int> = 0...Int(Int32.max), _ traits: Traits = .topLevel, example: String,
    _ paragraph: String
  ) -> Key {
    Key(name, .integer(range), text, traits, example, paragraph, fallback: range.lowerBound) {
      if case .integer(let value) = $0 { value } else { nil }
    }
  }

  static func port(_ name: String, _ text: String, _ traits: Traits, example: String, _ paragraph: String) -> Key {
    Key(name, .port, text, traits, example, paragraph, fallback: 0) {
      if case .integer(let value) = $0 { value } else { nil }
    }
  }

  static func mode(_ name: String, _ text: String, _ traits: Traits, example: String, _ paragraph: String) -> Key {
    Key(name, .mode, text, traits, example, paragraph, fallback: 0o600) {
      if case .integer(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<Double> {
  static func number(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .number, text, traits, example, paragraph, fallback: 0) {
      if case .number(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<ConcurrencyFeedback> {
  static func feedback(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .feedback, text, traits, example, paragraph, fallback: ConcurrencyFeedback(value: 1)) {
      if case .feedback(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<Duration> {
  static func duration(
    _ name: String, _ text: String, unit: DurationUnit = .seconds, seconds range: ClosedRange<Int> = 1...Int(Int32.max), _ traits: Traits = .topLevel,
    example: String, _ paragraph: String
  ) -> Key {
    Key(name, .duration(unit: unit, seconds: range), text, traits, example, paragraph, fallback: .seconds(range.lowerBound)) {
      if case .duration(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<ByteCount> {
  static func byteCount(
    _ name: String, _ text: String, in range: ClosedRange<Int> = 0...Int.max, _ traits: Traits = .topLevel, example: String, _ paragraph: String
  ) -> Key {
    Key(name, .byteCount(range), text, traits, example, paragraph, fallback: ByteCount(range.lowerBound)) {
      if case .byteCount(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<String> {
  static func text(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .text, text, traits, example, paragraph)
  }

  static func path(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .path, text, traits, example, paragraph)
  }

  /// The path of `type:path`.
  static func cacheMap(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .cacheMap, text, traits, example, paragraph)
  }

  static func hostName(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .hostName, text, traits, example, paragraph)
  }

  static func address(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .address, text, traits, example, paragraph)
  }

  static func hostNameOrFile(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .hostNameOrFile, text, traits, example, paragraph)
  }

  /// Checked here; whoever performs TLS reads the text again.
  static func tlsProtocols(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    string(name, .tlsProtocols, text, traits, example, paragraph)
  }

  private static func string(_ name: String, _ type: ValueType, _ text: String, _ traits: Traits, _ example: String, _ paragraph: String) -> Key {
    Key(name, type, text, traits, example, paragraph, fallback: "") {
      if case .text(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<[String]> {
  static func words(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .words, text, traits, example, paragraph, fallback: []) {
      if case .words(let value) = $0 { value } else { nil }
    }
  }

  static func choices(_ name: String, _ text: String, of words: [String], _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .choices(words), text, traits, example, paragraph, fallback: []) {
      if case .words(let value) = $0 { value } else { nil }
    }
  }
}

/// The words of an enumerated setting.
package typealias Choice = RawRepresentable<String> & CaseIterable & Sendable

extension Key where Value: Choice {
  /// One whose default is another setting.
  static func choice(
    _ name: String, _ text: String, or fallback: Value, _ traits: Traits = .topLevel, example: String, _ paragraph: String
  ) -> Key {
    Key(name, .choice(Value.allCases.map(\.rawValue)), text, traits, example, paragraph, fallback: fallback) {
      if case .text(let word) = $0 { Value(rawValue: word) } else { nil }
    }
  }

  static func choice(_ name: String, _ value: Value, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .choice(Value.allCases.map(\.rawValue)), value.rawValue, traits, example, paragraph, fallback: value) {
      if case .text(let word) = $0 { Value(rawValue: word) } else { nil }
    }
  }
}

extension Key<PatternList> {
  static func networks(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .networks, text, traits, example, paragraph, fallback: PatternList([])) {
      if case .patterns(let value) = $0 { value } else { nil }
    }
  }

  static func clients(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .clients, text, traits, example, paragraph, fallback: PatternList([])) {
      if case .patterns(let value) = $0 { value } else { nil }
    }
  }

  static func commands(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .commands, text, traits, example, paragraph, fallback: PatternList([])) {
      if case .patterns(let value) = $0 { value } else { nil }
    }
  }

  static func accessList(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .accessList, text, traits, example, paragraph, fallback: PatternList([])) {
      if case .patterns(let value) = $0 { value } else { nil }
    }
  }

  static func domains(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .domains, text, traits, example, paragraph, fallback: PatternList([])) {
      if case .patterns(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<[Interface]> {
  static func interfaces(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .interfaces, text, traits, example, paragraph, fallback: []) {
      if case .interfaces(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<NameServers> {
  static func nameServers(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .nameServers, text, traits, example, paragraph, fallback: .system) {
      if case .nameServers(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<[TableReference]> {
  static func tables(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .tables, text, traits, example, paragraph, fallback: []) {
      if case .tables(let value) = $0 { value } else { nil }
    }
  }

  static func aliases(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .aliases, text, traits, example, paragraph, fallback: []) {
      if case .tables(let value) = $0 { value } else { nil }
    }
  }

  static func checks(
    _ name: String, _ text: String, _ subject: CheckAction.Subject, _ traits: Traits = .topLevel, example: String, _ paragraph: String
  ) -> Key {
    Key(name, .checks(subject), text, traits, example, paragraph, fallback: []) {
      if case .tables(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<RestrictionList> {
  static func restrictions(
    _ name: String, _ point: RestrictionPoint, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String
  ) -> Key {
    Key(name, .restrictions(point), text, traits, example, paragraph, fallback: .empty) {
      if case .restrictions(let value) = $0 { value } else { nil }
    }
  }
}

extension Key<TempfailAction> {
  /// One whose default is another setting.
  static func choice(_ name: String, _ text: String, _ traits: Traits = .topLevel, example: String, _ paragraph: String) -> Key {
    Key(name, .choice(TempfailAction.allCases.map(\.rawValue)), text, traits, example, paragraph, fallback: .deferIfPermit) {
      if case .text(let word) = $0 { TempfailAction(rawValue: word) } else { nil }
    }
  }
}
