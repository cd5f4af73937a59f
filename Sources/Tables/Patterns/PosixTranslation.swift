// SPDX-License-Identifier: Apache-2.0
import CRegex

/// A POSIX pattern with back references in Perl's syntax. With those the C library may take hours for a line and cannot be stopped; PCRE2 can, and what
/// matches at all is the same.
struct PosixTranslation {
  /// Groups have the numbers that they had.
  private(set) var perl: [UInt8] = []
  private(set) var hasBackReference = false

  /// With what makes PCRE2 look for the longest match.
  var longest: [UInt8] { Array("(?:".utf8) + perl + Array(")(?C1)".utf8) }

  private let isBasic: Bool
  private let isByLine: Bool
  private var rest: ArraySlice<UInt8>
  /// Where the last thing that can be repeated begins in `perl`.
  private var atom: Int?
  /// Where the groups begin that are open.
  private var open: [Int] = []

  private enum Token {
    case open, close, bar, begin, end, any, bracket
    case `repeat`(String)
    case reference(UInt8)
    case wordSign(UInt8)
    case literal(UInt8)
  }

  init(_ pattern: [UInt8], flags: Int) {
    isBasic = flags & CREGEX_BASIC != 0
    isByLine = flags & CREGEX_BY_LINE != 0
    rest = pattern[...]
    while let token = next() { translate(token) }
  }

  // MARK: Reading

  /// Whether here an expression begins: where `*` is a letter of a basic pattern, and `^` is no letter.
  private var isAtStart = true

  private mutating func next() -> Token? {
    guard let byte = rest.popFirst() else { return nil }
    guard byte == UInt8(ascii: "\\") else { return plain(byte) }
    guard let escaped = rest.popFirst() else { return .literal(byte) }
    return self.escaped(escaped)
  }

  private mutating func plain(_ byte: UInt8) -> Token {
    switch byte {
    case UInt8(ascii: "."): return .any
    case UInt8(ascii: "["): return .bracket
    case UInt8(ascii: "^"): return isBasic && !isAtStart ? .literal(byte) : .begin
    case UInt8(ascii: "$"): return isBasic && !isBeforeEnd ? .literal(byte) : .end
    case UInt8(ascii: "*"): return isBasic && isAtStart ? .literal(byte) : .repeat("*")
    default: return isBasic ? .literal(byte) : sign(byte)
    }
  }

  private mutating func escaped(_ byte: UInt8) -> Token {
    switch byte {
    case UInt8(ascii: "1")...UInt8(ascii: "9"): .reference(byte)
    case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"), UInt8(ascii: "S"), UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "'"):
      .wordSign(byte)
    default: isBasic ? sign(byte) : .literal(byte)
    }
  }

  /// What is written with a `\` in basic patterns, and without one in extended ones.
  private mutating func sign(_ byte: UInt8) -> Token {
    switch byte {
    case UInt8(ascii: "("): .open
    case UInt8(ascii: ")"): open.isEmpty ? .literal(byte) : .close
    case UInt8(ascii: "|"): .bar
    case UInt8(ascii: "+"): .repeat("+")
    case UInt8(ascii: "?"): .repeat("?")
    case UInt8(ascii: "{"): interval().map(Token.repeat) ?? .literal(byte)
    default: .literal(byte)
    }
  }

  private var isBeforeEnd: Bool {
    rest.isEmpty || rest.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: ")")]) || rest.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "|")])
  }

  private mutating func interval() -> String? {
    var counts = rest.prefix { $0.isDigit || $0 == UInt8(ascii: ",") }
    let after = rest.dropFirst(counts.count)
    let closing: [UInt8] = isBasic ? [UInt8(ascii: "\\"), UInt8(ascii: "}")] : [UInt8(ascii: "}")]
    guard !counts.isEmpty, after.starts(with: closing) else { return nil }
    rest = after.dropFirst(closing.count)
    if counts.first == UInt8(ascii: ",") { counts = [UInt8(ascii: "0")] + counts }
    return "{\(String(decoding: counts, as: UTF8.self))}"
  }

  // MARK: Writing

  private mutating func translate(_ token: Token) {
    let wasAtStart = isAtStart
    isAtStart = false
    switch token {
    case .open:
      open.append(perl.count)
      perl.append(UInt8(ascii: "("))
      (atom, isAtStart) = (nil, true)
    case .close:
      perl.append(UInt8(ascii: ")"))
      atom = open.popLast()
    case .bar:
      perl.append(UInt8(ascii: "|"))
      (atom, isAtStart) = (nil, true)
    case .begin:
      perl += Array((isByLine ? "(?:\\A|(?<=\\n))" : "\\A").utf8)
      (atom, isAtStart) = (nil, wasAtStart)
    case .end:
      perl += Array((isByLine ? "(?=\\n|\\z)" : "\\z").utf8)
      atom = nil
    case .repeat(let count): `repeat`(count)
    case .any: add(isByLine ? "[^\\n\\x00]" : "[^\\x00]")
    case .bracket: bracket()
    case .reference(let digit):
      hasBackReference = true
      add("\\g{\(digit &- UInt8(ascii: "0"))}")
    case .wordSign(let letter): wordSign(letter)
    case .literal(let byte): add(Self.hexadecimal(byte))
    }
  }

  private mutating func add(_ text: String) {
    atom = perl.count
    perl += Array(text.utf8)
  }

  /// In a group of its own: two counts one after the other would mean something else in Perl.
  private mutating func `repeat`(_ count: String) {
    guard let atom else { return add(count.utf8.map(Self.hexadecimal).joined()) }
    perl.insert(contentsOf: Array("(?:".utf8), at: atom)
    perl += Array((count + ")").utf8)
  }

  private mutating func wordSign(_ letter: UInt8) {
    switch letter {
    case UInt8(ascii: "w"): add("[[:alnum:]_]")
    case UInt8(ascii: "W"): add("[^[:alnum:]_]")
    case UInt8(ascii: "s"): add("[[:space:]]")
    case UInt8(ascii: "S"): add("[^[:space:]]")
    case UInt8(ascii: "<"): add("(?:\\b(?=\\w))")
    case UInt8(ascii: ">"): add("(?:\\b(?<=\\w))")
    case UInt8(ascii: "`"): add("\\A")
    case UInt8(ascii: "'"): add("\\z")
    default: add("\\" + String(decoding: [letter], as: UTF8.self))
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = Array("0123456789abcdef")
    return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
  }

  // MARK: Brackets

  private mutating func bracket() {
    let isNegated = rest.first == UInt8(ascii: "^")
    if isNegated { rest.removeFirst() }
    var set = isNegated ? "[^" + (isByLine ? "\\n" : "") : "["
    var isFirst = true
    while let byte = rest.first, isFirst || byte != UInt8(ascii: "]") {
      isFirst = false
      if rest.starts(with: [UInt8(ascii: "["), UInt8(ascii: ":")]) {
        set += "[:\(named()):]"
        continue
      }
      let low = member()
      if rest.first == UInt8(ascii: "-"), rest.dropFirst().first.map({ $0 != UInt8(ascii: "]") }) ?? false {
        rest.removeFirst()
        set += Self.hexadecimal(low) + "-" + Self.hexadecimal(member())
      } else {
        set += Self.hexadecimal(low)
      }
    }
    _ = rest.popFirst()
    add(set + "]")
  }

  /// One letter, which may be written `[.x.]` or `[=x=]`.
  private mutating func member() -> UInt8 {
    for kind in [UInt8(ascii: "."), UInt8(ascii: "=")] where rest.starts(with: [UInt8(ascii: "["), kind]) {
      return named().utf8.first ?? kind
    }
    return rest.popFirst() ?? 0
  }

  /// What stands between `[:` and `:]`, which is read.
  private mutating func named() -> String {
    let kind = rest.dropFirst().first ?? 0
    rest = rest.dropFirst(2)
    var name: [UInt8] = []
    while let byte = rest.popFirst(), byte != kind || rest.first != UInt8(ascii: "]") || name.isEmpty { name.append(byte) }
    _ = rest.popFirst()
    return String(decoding: name, as: UTF8.self)
  }
}
