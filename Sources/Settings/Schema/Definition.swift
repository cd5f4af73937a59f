// SPDX-License-Identifier: Apache-2.0

/// All there is to know about one setting. The parser, the checks, `weir config` and every page of reference are made from this.
package struct Definition: Sendable {
  /// Who gave the setting its name and meaning.
  package enum Origin: String, Sendable { case postfix, dovecot, weir }

  /// Where it may stand.
  package enum Place: Sendable {
    case topLevel
    /// At the top level for all listeners, in a `listener` block for that one.
    case anywhere
    /// In a `listener` block only.
    case listener
  }

  package let name: String
  package let type: ValueType
  /// As a person would write it; `$name` expands.
  package let defaultText: String
  /// In words, where no text could say it: the system's host name.
  package let computedDefault: String?
  package let origin: Origin
  package let place: Place
  /// False if `$name` in the value is for the moment of its use.
  package let expands: Bool
  package let example: String
  package let paragraph: String
}

/// A definition and the Swift type of its values.
package struct Key<Value: Sendable>: Sendable {
  package let definition: Definition
  /// Only for a snapshot that lacks the key, which `Configuration` never makes.
  let fallback: Value
  let extract: @Sendable (ParsedValue) -> Value?

  package var name: String { definition.name }
}

/// Keys of any type, to list them.
package protocol AnyKey: Sendable {
  var definition: Definition { get }
}

extension Key: AnyKey {}

/// Settings that a page of the reference shows together.
package struct Area: Sendable {
  package let title: String
  package let introduction: String
  package let definitions: [Definition]

  init(_ title: String, _ introduction: String, _ keys: [any AnyKey]) {
    self.title = title
    self.introduction = introduction
    definitions = keys.map(\.definition)
  }
}

/// Every setting there is. The files beside this one extend it, one for each area.
package enum Keys {}
