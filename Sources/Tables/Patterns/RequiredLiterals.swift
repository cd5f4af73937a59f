// SPDX-License-Identifier: Apache-2.0

/// Texts of which at least one is in everything that a pattern matches, in some case: of `^Subject:.*(lottery|jackpot)` these are `lottery` and `jackpot`.
///
/// What is not surely understood stands for any text, the empty one too; so a pattern may have none, but never a wrong one.
struct RequiredLiterals {
  /// What a part of a pattern is known to match.
  private struct Known {
    /// All that it can match; nil: too much, or unknown.
    var exact: [[UInt8]]?
    /// Of these one is in whatever it matches.
    var required: [[UInt8]]?
    /// `required` stands at the beginning of the subject, where most rules about headers have the name of the field.
    var isHead = false

    static let empty = Known(exact: [[]])
    static let anything = Known(exact: nil)
  }

  static let minimumLength = 4
  private static let maximumTexts = 16
  private static let maximumLength = 64
  private static let maximumDepth = 50

  private let isPerl: Bool
  private var rest: ArraySlice<UInt8>
  private var depth = 0
  private var isLost = false

  /// In small letters; nil where there are none of at least `minimumLength`.
  static func find(_ pattern: [UInt8], isPerl: Bool) -> [[UInt8]]? {
    var reader = RequiredLiterals(isPerl: isPerl, rest: pattern[...])
    let known = reader.alternatives()
    guard !reader.isLost, reader.rest.isEmpty else { return nil }
    return better(known, usable(known.exact), false).required
  }

  private init(isPerl: Bool, rest: ArraySlice<UInt8>) {
    self.isPerl = isPerl
    self.rest = rest
  }

  // MARK: Which are better

  private static func usable(_ texts: [[UInt8]]?) -> [[UInt8]]? {
    guard let texts, !texts.isEmpty, texts.allSatisfy({ $0.count >= minimumLength }) else { return nil }
    return texts
  }

  /// Those that do not stand at the beginning; then the longer; then the later.
  private static func better(_ known: Known, _ texts: [[UInt8]]?, _ isHead: Bool) -> Known {
    guard let texts = usable(texts) else { return known }
    guard let old = known.required else { return Known(exact: known.exact, required: texts, isHead: isHead) }
    let (newLength, oldLength) = (texts.map(\.count).min() ?? 0, old.map(\.count).min() ?? 0)
    let isBetter = known.isHead == isHead ? newLength >= oldLength : known.isHead
    return isBetter ? Known(exact: known.exact, required: texts, isHead: isHead) : known
  }

  // MARK: Reading

  private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  private mutating func alternatives() -> Known {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      isLost = true
      return .anything
    }
    var known = sequence()
    while !isLost, rest.first == UInt8(ascii: "|") {
      rest.removeFirst()
      known = Self.either(known, sequence())
    }
    return known
  }

  private static func either(_ one: Known, _ other: Known) -> Known {
    var known = Known.anything
    if let first = one.exact, let second = other.exact, first.count + second.count <= maximumTexts { known.exact = first + second }
    let (first, second) = (better(one, one.exact, false), better(other, other.exact, false))
    if let left = first.required, let right = second.required, left.count + right.count <= maximumTexts {
      known.required = left + right
      known.isHead = first.isHead && second.isHead
    }
    return known
  }

  /// One after the other, up to `|`, `)` or the end.
  private mutating func sequence() -> Known {
    var known = Known.anything
    /// All that the last parts can have matched together.
    var run: [[UInt8]] = [[]]
    var (isWhole, isAnchored) = (true, false)
    while !isLost, let byte = rest.first, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      if byte == UInt8(ascii: "^"), isWhole, run == [[]] { isAnchored = true }
      let part = repeated()
      if part.required != nil { known = Self.better(known, part.required, part.isHead) }
      if let exact = part.exact, let longer = Self.joined(run, exact) {
        run = longer
      } else {
        known = Self.better(known, run, isWhole && isAnchored)
        isWhole = false
        run = part.exact ?? [[]]
      }
    }
    if isWhole { known.exact = run } else { known = Self.better(known, run, false) }
    return known
  }

  private static func joined(_ left: [[UInt8]], _ right: [[UInt8]]) -> [[UInt8]]? {
    guard left.count * right.count <= maximumTexts else { return nil }
    let texts = left.flatMap { first in right.map { first + $0 } }
    return texts.allSatisfy { $0.count <= maximumLength } ? texts : nil
  }

  /// A part with what says how often it comes.
  private mutating func repeated() -> Known {
    var known = part()
    while !isLost, let byte = rest.first {
      switch byte {
      case UInt8(ascii: "*"): known = .anything
      case UInt8(ascii: "?"):
        let exact = known.exact.map { $0.contains([]) ? $0 : $0 + [[]] }
        known = Known(exact: exact.flatMap { $0.count <= Self.maximumTexts ? $0 : nil })
      case UInt8(ascii: "+"): known = Self.once(known)
      case UInt8(ascii: "{"):
        guard let minimum = interval() else {
          isLost = true
          return .anything
        }
        known = minimum > 0 ? Self.once(known) : .anything
        skipManner()
        continue
      default: return known
      }
      rest.removeFirst()
      skipManner()
    }
    return known
  }

  /// Perl's `+?` and `++` say how, not how often.
  private mutating func skipManner() {
    if isPerl, let next = rest.first, next == UInt8(ascii: "?") || next == UInt8(ascii: "+") { rest.removeFirst() }
  }

  /// At least once.
  private static func once(_ known: Known) -> Known {
    let known = better(known, known.exact, false)
    return Known(exact: nil, required: known.required, isHead: known.isHead)
  }

  /// `{n}`, `{n,}` or `{n,m}`: the least number.
  private mutating func interval() -> Int? {
    guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
    let inner = rest[(rest.startIndex + 1)..<end]
    guard inner.count <= 11, inner.first?.isDigit == true, inner.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ",") }) else { return nil }
    rest = rest[(end + 1)...]
    return Int(String(decoding: inner.prefix { $0.isDigit }, as: UTF8.self))
  }

  private mutating func part() -> Known {
    guard let byte = rest.popFirst() else { return .empty }
    switch byte {
    case UInt8(ascii: "^"), UInt8(ascii: "$"): return .empty
    case UInt8(ascii: "."): return .anything
    case UInt8(ascii: "["): return bracket()
    case UInt8(ascii: "("): return group()
    case UInt8(ascii: "\\"): return escape()
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
      isLost = true
      return .anything
    default: return Known(exact: [[Self.folded(byte)]])
    }
  }

  private mutating func group() -> Known {
    if isPerl, let next = rest.first, next == UInt8(ascii: "?") || next == UInt8(ascii: "*") {
      guard rest.dropFirst().first == UInt8(ascii: ":"), next == UInt8(ascii: "?") else {
        isLost = true
        return .anything
      }
      rest = rest.dropFirst(2)
    }
    let known = alternatives()
    if rest.popFirst() != UInt8(ascii: ")") { isLost = true }
    return known
  }

  /// A sign of its own; or a letter, and what that means in each library is its own affair. Some take more than the letter.
  private mutating func escape() -> Known {
    guard let byte = rest.popFirst() else {
      isLost = true
      return .anything
    }
    if "dDwWsSbBAzZ<>`'".utf8.contains(byte) { return .anything }
    isLost = isLost || byte.isLetterOrDigit || !(0x21..<0x7f).contains(byte)
    return Known(exact: [[byte]])
  }

  /// `[...]`: a few letters, or anything.
  private mutating func bracket() -> Known {
    var letters: [UInt8] = []
    var isSimple = true
    if rest.first == UInt8(ascii: "^") {
      rest.removeFirst()
      isSimple = false
    }
    var isFirst = true
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "]"), !isFirst { return isSimple && letters.count <= 4 ? Known(exact: letters.map { [$0] }) : .anything }
      isFirst = false
      switch byte {
      case UInt8(ascii: "["):
        isSimple = false
        guard let kind = rest.first, ":.=".utf8.contains(kind) else { continue }
        rest.removeFirst()
        while let inner = rest.popFirst(), inner != kind || rest.first != UInt8(ascii: "]") {}
        _ = rest.popFirst()
      case UInt8(ascii: "\\") where isPerl:
        isSimple = false
        _ = rest.popFirst()
      case UInt8(ascii: "-"): isSimple = false
      default: if !letters.contains(Self.folded(byte)) { letters.append(Self.folded(byte)) }
      }
    }
    isLost = true
    return .anything
  }
}
