// SPDX-License-Identifier: Apache-2.0

/// `%s` and the like, which stand for the key, or in result_format for a value, or for a part of it.
enum Placeholder: Equatable {
  /// `%s`: the key; in result_format the value.
  case whole
  /// `%u`, `%d`: the same, before and behind the last `@`.
  case user, domain
  /// `%S`, `%U`, `%D`: of the key, also in result_format.
  case keyWhole, keyUser, keyDomain
  /// `%1` to `%9`: the last label of the key's domain, the one before it, and so on.
  case keyLabel(Int)

  /// Nil if the letter after `%` is none.
  init?(_ letter: UInt8) {
    switch letter {
    case UInt8(ascii: "s"): self = .whole
    case UInt8(ascii: "u"): self = .user
    case UInt8(ascii: "d"): self = .domain
    case UInt8(ascii: "S"): self = .keyWhole
    case UInt8(ascii: "U"): self = .keyUser
    case UInt8(ascii: "D"): self = .keyDomain
    case UInt8(ascii: "1")...UInt8(ascii: "9"): self = .keyLabel(Int(letter) - 0x30)
    default: return nil
    }
  }
}

/// A text with placeholders.
struct Template: Equatable {
  enum Part: Equatable {
    case literal([UInt8])
    case placeholder(Placeholder)
  }

  private(set) var parts: [Part] = []

  var placeholders: [Placeholder] { parts.compactMap { if case .placeholder(let found) = $0 { found } else { nil } } }

  mutating func append(_ byte: UInt8) {
    if case .literal(let bytes)? = parts.last {
      parts[parts.count - 1] = .literal(bytes + [byte])
    } else {
      parts.append(.literal([byte]))
    }
  }

  mutating func append(_ placeholder: Placeholder) { parts.append(.placeholder(placeholder)) }

  /// Of result_format. `option` is named in what is thrown.
  init(_ text: String, option: String) throws(TemplateError) {
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      guard byte == UInt8(ascii: "%") else {
        append(byte)
        continue
      }
      switch try Self.afterPercent(bytes.next(), option: option) {
      case let found?: append(found)
      case nil: append(byte)
      }
    }
  }

  init() {}

  /// What a letter after `%` means; nil for `%%`, which is `%`.
  static func afterPercent(_ letter: UInt8?, option: String) throws(TemplateError) -> Placeholder? {
    if letter == UInt8(ascii: "%") { return nil }
    guard let letter, let found = Placeholder(letter) else {
      let word = letter.map { "%" + String(decoding: [$0], as: UTF8.self) } ?? "%"
      throw TemplateError("\(option): `\(word)` is none of %s, %u, %d, %S, %U, %D, %1 to %9; `%%` is a percent sign")
    }
    return found
  }

  /// The text, with `value` in the place of each.
  func filled(_ value: (Placeholder) -> [UInt8]) -> [UInt8] {
    parts.flatMap { part in
      switch part {
      case .literal(let bytes): bytes
      case .placeholder(let found): value(found)
      }
    }
  }
}

/// Why a template is none: the name of the option, and what is wrong.
struct TemplateError: Error, Equatable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Which parts of keys and values the templates of a table need: sqlite_table(5) asks nothing and finds nothing where one is not there.
struct Needs: Equatable {
  private(set) var keyUser = false
  private(set) var keyDomain = false
  private(set) var keyLabels = 0
  private(set) var valueUser = false
  private(set) var valueDomain = false

  init(query: [Placeholder], result: [Placeholder]) {
    for placeholder in query { add(placeholder, ofKey: true) }
    for placeholder in result { add(placeholder, ofKey: false) }
  }

  private mutating func add(_ placeholder: Placeholder, ofKey: Bool) {
    switch placeholder {
    case .whole, .keyWhole: break
    case .user: if ofKey { keyUser = true } else { valueUser = true }
    case .domain: if ofKey { keyDomain = true } else { valueDomain = true }
    case .keyUser: keyUser = true
    case .keyDomain: keyDomain = true
    case .keyLabel(let number):
      keyDomain = true
      keyLabels = max(keyLabels, number)
    }
  }

  /// As Postfix, a table that looks at parts of the key is asked for whole keys only.
  var takesKeysApart: Bool { keyUser || keyDomain }
}

/// A key, or a value, taken apart as far as it is needed.
struct Subject {
  let whole: [UInt8]
  /// Before the last `@`; the whole where there is none.
  let user: ArraySlice<UInt8>
  /// Behind it.
  let domain: ArraySlice<UInt8>?
  let labels: [ArraySlice<UInt8>]

  /// Nil where a part that is needed is missing.
  init?(_ whole: [UInt8], user needsUser: Bool, domain needsDomain: Bool, labels count: Int = 0) {
    self.whole = whole
    let at = whole.lastIndex(of: UInt8(ascii: "@"))
    user = whole[..<(at ?? whole.count)]
    domain = at.map { whole[($0 + 1)...] }
    if needsDomain, domain?.isEmpty ?? true { return nil }
    if needsUser, at == 0 { return nil }
    labels = count > 0 ? (domain ?? []).split(separator: UInt8(ascii: ".")) : []
    if labels.count < count { return nil }
  }

  func label(_ number: Int) -> [UInt8] { number <= labels.count ? Array(labels[labels.count - number]) : [] }
}
