// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a regular expression are, as far as it takes to point at a mistake. Not a parser: the libraries judge, this finds the place.
struct PatternScan {
  /// `(` without a `)`, outermost first.
  private(set) var unclosedGroups: [Int] = []
  /// The first `)` too many.
  private(set) var strayClosing: Int?
  /// A `[` without its `]`.
  private(set) var unclosedBracket: Int?
  /// The first alternative with nothing in it: the `|` beside it.
  private(set) var emptyAlternative: Range<Int>?
  /// The offsets of all `|` outside of groups.
  private(set) var bars: [Int] = []
  /// The first `*`, `+`, `?` or `{` with nothing before it to repeat.
  private(set) var strayRepetition: Int?
  /// The first `{` that opens no count.
  private(set) var badBrace: Int?
  /// The first bracket expression with a range that runs backwards, and with an unknown class.
  private(set) var badRange: Int?
  private(set) var badClass: Int?

  private let pattern: [UInt8]
  private let isPerl: Bool

  static let classes = ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit", "word", "ascii"]

  init(_ pattern: [UInt8], isPerl: Bool) {
    self.pattern = pattern
    self.isPerl = isPerl
    scan()
  }

  private mutating func scan() {
    var offset = 0
    /// Whether nothing stands before, in this alternative.
    var isAtStart = true
    /// The `|` just before, if it is the last thing.
    var bar: Int?
    while offset < pattern.count {
      let begin = offset
      var (opensAlternative, nextBar) = (false, nil as Int?)
      switch pattern[offset] {
      case UInt8(ascii: "\\"): offset += 1
      case UInt8(ascii: "["): offset = skipBracket(offset)
      case UInt8(ascii: "("):
        unclosedGroups.append(offset)
        opensAlternative = true
        if isPerl, next(offset) == UInt8(ascii: "?") || next(offset) == UInt8(ascii: "*") { offset += 1 }
      case UInt8(ascii: ")"):
        if let bar { noteEmpty(bar..<(bar + 1)) }
        if unclosedGroups.popLast() == nil { strayClosing = strayClosing ?? offset }
      case UInt8(ascii: "|"):
        if isAtStart { noteEmpty((bar ?? offset)..<(offset + 1)) }
        if unclosedGroups.isEmpty { bars.append(offset) }
        (opensAlternative, nextBar) = (true, offset)
      case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"): noteRepetition(begin, isAtStart: isAtStart)
      default: break
      }
      (isAtStart, bar) = (opensAlternative, nextBar)
      offset += 1
    }
    if let bar { noteEmpty(bar..<(bar + 1)) }
  }

  private func next(_ offset: Int) -> UInt8? { offset + 1 < pattern.count ? pattern[offset + 1] : nil }

  private mutating func noteEmpty(_ range: Range<Int>) { emptyAlternative = emptyAlternative ?? range }

  private mutating func noteRepetition(_ offset: Int, isAtStart: Bool) {
    if isAtStart { strayRepetition = strayRepetition ?? offset }
    if pattern[offset] == UInt8(ascii: "{"), !isCount(at: offset) { badBrace = badBrace ?? offset }
  }

  /// The offset of the `]`, or the last of the pattern.
  private mutating func skipBracket(_ opening: Int) -> Int {
    var offset = opening + 1
    if offset < pattern.count, pattern[offset] == UInt8(ascii: "^") { offset += 1 }
    let first = offset
    while offset < pattern.count {
      let byte = pattern[offset]
      if byte == UInt8(ascii: "]"), offset > first { return offset }
      if isPerl, byte == UInt8(ascii: "\\") {
        offset += 2
        continue
      }
      if byte == UInt8(ascii: "["), offset + 1 < pattern.count,
        [UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "=")].contains(pattern[offset + 1])
      {
        let kind = pattern[offset + 1]
        if let end = pattern.indices.dropFirst(offset + 2).first(where: { pattern[$0] == UInt8(ascii: "]") && pattern[$0 - 1] == kind }),
          end > offset + 3
        {
          let name = String(decoding: pattern[(offset + 2)..<(end - 1)], as: UTF8.self)
          if kind == UInt8(ascii: ":"), !Self.classes.contains(name) { badClass = badClass ?? offset }
          offset = end + 1
          continue
        }
      }
      if offset + 2 < pattern.count, pattern[offset + 1] == UInt8(ascii: "-"), pattern[offset + 2] != UInt8(ascii: "]"), pattern[offset + 2] < byte {
        badRange = badRange ?? offset
      }
      offset += 1
    }
    unclosedBracket = unclosedBracket ?? opening
    return pattern.count
  }

  /// `{2}`, `{2,}`, `{,3}`, `{2,3}`
  private func isCount(at opening: Int) -> Bool {
    let rest = pattern[(opening + 1)...]
    guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return false }
    let parts = rest[..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let counts = parts.compactMap { $0.allSatisfy(\.isDigit) ? Int(String(decoding: $0, as: UTF8.self)) ?? 0 : nil }
    return counts.count == parts.count && parts.count <= 2 && rest[..<end] != [] && (counts.count < 2 || parts[1].isEmpty || counts[0] <= counts[1])
  }
}
