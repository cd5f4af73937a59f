// SPDX-License-Identifier: Apache-2.0

/// How large glibc would make a regular expression. It copies what is repeated with a count, and keeps for each part that may be left out which others
/// can follow: `((a{999}){999}){999}` or `a{0,32767}` take all memory there is.
struct PosixSize {
  /// Parts of the expression when everything repeated is written out, and how many of them may be left out.
  private(set) var parts = 0
  private(set) var optional = 0
  private var deepest = 0

  static let maximumParts = 50_000
  static let maximumOptional = 5_000
  static let maximumDepth = 500

  /// What a rule is told that would need too much; nil for others. `isExtended`: the syntax with bare `(` and `{`.
  static func complaint(_ pattern: [UInt8], isExtended: Bool) -> String? {
    var size = PosixSize()
    size.read(pattern, isExtended)
    if size.deepest > maximumDepth { return "groups within groups, more than \(maximumDepth) deep" }
    if size.parts > maximumParts { return "written out, its repetitions have more than \(maximumParts) parts" }
    if size.optional > maximumOptional { return "written out, its repetitions have more than \(maximumOptional) parts that may be left out" }
    return nil
  }

  private struct Amount {
    var parts = 0
    var optional = 0

    static let one = Amount(parts: 1)
    /// More does not matter.
    private static let limit = 1 << 30

    static func += (left: inout Amount, right: Amount) {
      left = Amount(parts: min(limit, left.parts + right.parts), optional: min(limit, left.optional + right.optional))
    }

    /// `{minimum,maximum}`; without a maximum a copy that is repeated follows.
    mutating func `repeat`(_ minimum: Int, _ maximum: Int?) {
      let copies = max(1, maximum ?? minimum + 1)
      let mayGo = max(0, copies - minimum)
      self = Amount(parts: min(Self.limit, parts * copies), optional: min(Self.limit, optional * copies + mayGo))
    }
  }

  private mutating func read(_ pattern: [UInt8], _ isExtended: Bool) {
    var sums: [Amount] = []
    var sum = Amount()
    var last = Amount()
    var rest = pattern[...]
    func isOperator(_ byte: UInt8, _ isEscaped: Bool) -> Bool {
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"): isEscaped != isExtended
      case UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "|"): isEscaped != isExtended
      default: byte == UInt8(ascii: "*") && !isEscaped
      }
    }
    while let first = rest.popFirst() {
      let isEscaped = first == UInt8(ascii: "\\")
      guard let byte = isEscaped ? rest.popFirst() : first else { break }
      guard isOperator(byte, isEscaped) else {
        sum += last
        last = .one
        if byte == UInt8(ascii: "["), !isEscaped { Self.skipBracket(&rest) }
        continue
      }
      switch byte {
      case UInt8(ascii: "("):
        sum += last
        sums.append(sum)
        (sum, last) = (Amount(), Amount())
        deepest = max(deepest, sums.count)
      case UInt8(ascii: ")"):
        sum += last
        last = sum
        sum = sums.popLast() ?? Amount()
      case UInt8(ascii: "{"):
        if let (minimum, maximum) = Self.interval(&rest, isExtended) { last.repeat(minimum, maximum) }
      case UInt8(ascii: "+"): last.repeat(1, nil)
      case UInt8(ascii: "|"):
        sum += last
        last = Amount()
      default: last.repeat(0, 1)
      }
    }
    sum += last
    for outer in sums { sum += outer }
    (parts, optional) = (sum.parts, sum.optional)
  }

  /// Up to the end of `[...]`, in which a `]` may stand first, and `[:class:]` anywhere.
  private static func skipBracket(_ rest: inout ArraySlice<UInt8>) {
    if rest.first == UInt8(ascii: "^") { rest.removeFirst() }
    if rest.first == UInt8(ascii: "]") { rest.removeFirst() }
    while let byte = rest.popFirst(), byte != UInt8(ascii: "]") {
      guard byte == UInt8(ascii: "["), let kind = rest.first, [UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "=")].contains(kind) else {
        continue
      }
      rest.removeFirst()
      while let inner = rest.popFirst(), inner != kind || rest.first != UInt8(ascii: "]") {}
      _ = rest.popFirst()
    }
  }

  /// `n}`, `n,}`, `n,m}` or `,m}`; nil, with nothing taken, for what is no interval.
  private static func interval(_ rest: inout ArraySlice<UInt8>, _ isExtended: Bool) -> (Int, Int?)? {
    var text = rest
    let minimum = number(&text)
    var maximum = minimum
    if text.first == UInt8(ascii: ",") {
      text.removeFirst()
      maximum = number(&text)
      if minimum == nil, maximum == nil { return nil }
    }
    if !isExtended, text.popFirst() != UInt8(ascii: "\\") { return nil }
    guard text.popFirst() == UInt8(ascii: "}"), minimum != nil || maximum != nil else { return nil }
    rest = text
    return (minimum ?? 0, maximum)
  }

  private static func number(_ text: inout ArraySlice<UInt8>) -> Int? {
    var value: Int?
    while let digit = text.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
      value = min(100_000, (value ?? 0) * 10 + Int(digit - UInt8(ascii: "0")))
      text.removeFirst()
    }
    return value
  }
}
