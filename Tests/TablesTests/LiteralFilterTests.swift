// SPDX-License-Identifier: Apache-2.0
import CBytes
import Testing

@testable import Tables

/// What a pattern needs is found, and nothing that it does not.
@Suite struct LiteralFilterTests {
  private func literals(_ pattern: String, isPerl: Bool = true) -> [String]? {
    RequiredLiterals.find(Array(pattern.utf8), isPerl: isPerl)?.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    arguments: [
      ("^Subject:.*(lottery|jackpot)", ["lottery", "jackpot"]), ("viagra", ["viagra"]), ("^Subject: Viagra$", ["subject: viagra"]),
      ("^X-Mailer:.*", ["x-mailer:"]),
      ("(buy|order) casino (now|today)", ["buy casino now", "buy casino today", "order casino now", "order casino today"]),
      (#"name[[:space:]]*=.*\.exe"?$"#, [".exe\"", ".exe"]), ("colou?rs", ["colours", "colors"]), ("ab+cdef", ["cdef"]), ("(abcd)+x", ["abcd"]),
      ("(abcd){2,3}", ["abcd"]), ("lo[t7]tery", ["lottery", "lo7tery"]), ("f.o.o longer", [".o longer"].map { String($0.dropFirst()) }),
      ("https?://spam", ["https://spam", "http://spam"]),
    ] as [(String, [String])])
  func finds(pattern: String, expected: [String]) {
    #expect(literals(pattern, isPerl: true) == expected)
    #expect(literals(pattern, isPerl: false) == expected)
  }

  @Test(arguments: [
    "(abcd)?", "(abcd)*x", "(abcd){0,3}", "abc", "a|viagra", "viagra|.", "[a-z]{10}", ".*", "", "^$", #"\d{8}"#, #"vi\x61gra"#, "((viagra",
  ])
  func findsNone(pattern: String) {
    #expect(literals(pattern, isPerl: true) == nil)
    #expect(literals(pattern, isPerl: false) == nil)
  }

  @Test(arguments: ["(?i)viagra", "(?=viagra)", "(?!viagra)x", "(*UTF)viagra", #"\Qviagra\E"#, #"(viagra)?\1"#])
  func whatPerlAloneHasIsLeftAlone(pattern: String) { #expect(literals(pattern) == nil) }

  /// `+?` is Perl's way to say how; elsewhere it says that it may be missing.
  @Test func mannersArePerls() {
    #expect(literals("(viagra)+?") == ["viagra"])
    #expect(literals("(viagra)+?", isPerl: false) == nil)
  }

  @Test(arguments: [false, true]) func findsTextsWhereverTheyAre(comparesMany: Bool) {
    let texts = ["casino", "lottery", "a long text with blanks", ".exe", "inheritance"]
    let scanner = LiteralScanner(texts.enumerated().map { (Array($1.utf8), $0) }, comparesMany: comparesMany)
    for (number, text) in texts.enumerated() {
      for before in 0..<70 {
        for after in [0, 2, 40] {
          let subject = Array((String(repeating: "x", count: before) + text.uppercased() + String(repeating: "y", count: after)).utf8)
          var found: Set<Int> = []
          subject.withUnsafeBytes { scanner.scan($0) { found.insert($0).inserted || true } }
          #expect(found == [number])
        }
      }
    }
  }

  /// What compares many bytes at once stops at the same places as what goes one by one.
  @Test func bothWaysThroughATextStopAtTheSamePlaces() {
    var random = Numbers(state: 5)
    for _ in 0..<300 {
      let letters = Array("abcdXYZ.é".utf8)
      let fours = (0..<1 + random.next(20)).map { _ in (0..<4).map { _ in letters[random.next(letters.count)] | 0x20 } }
      var (prints, bits) = (cbytes_prints(), [UInt64](repeating: 0, count: 16))
      for four in fours {
        cbytes_add_print(&prints, four, UInt32(random.next(8)))
        let hash = four.withUnsafeBufferPointer { cbytes_hash_four($0.baseAddress, 22) }
        bits[Int(hash >> 6)] |= 1 << UInt64(hash & 63)
      }
      let text = (0..<4 + random.next(200)).map { _ in letters[random.next(letters.count)] }
      var place = 0
      while place <= text.count - 4 {
        let one = cbytes_find_fours(text, place, text.count - 4, 1, 22, bits)
        let many = cbytes_find_prints(text, place, text.count - 4, &prints, 22, bits)
        // Bits are of hashes: other fours may have one, too.
        let isOne = one > text.count - 4 || fours.contains { $0 == text[one..<one + 4].map { $0 | 0x20 } }
        if isOne { #expect(min(one, text.count) == min(many, text.count)) } else { #expect(many >= one) }
        place = one + 1
      }
    }
  }

  @Test(arguments: [PatternEngine.posix, .perl])
  func differsNeverFromAskingEachRule(engine: PatternEngine) throws {
    var random = Numbers(state: engine == .posix ? 7 : 11)
    for _ in 0..<250 {
      let steps = Self.steps(engine, &random)
      let (with, without) = (PatternTable(steps), PatternTable(steps, isFiltered: false))
      for _ in 0..<200 {
        var subject = Self.subject(&random)
        let (one, other) = subject.withUTF8 { (with.answer(for: $0)?.line, without.answer(for: $0)?.line) }
        #expect(one == other, "\(subject)")
        let mayMatch = subject.withUTF8 { with.mayMatch(in: UnsafeRawBufferPointer($0)) }
        #expect(mayMatch || other == nil, "\(subject)")
      }
    }
  }

  // MARK: Random rules and texts

  struct Numbers {
    var state: UInt64
    mutating func next(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(below))
    }
    mutating func pick(_ list: [String]) -> String { list[next(list.count)] }
  }

  private static let words = ["lottery", "jackpot", "buy", "CASINO", "free", ".exe", "now", "Subject: ", "a", "lotter", "ottery", "pot"]

  private static func steps(_ engine: PatternEngine, _ random: inout Numbers) -> [PatternTable.Step] {
    var steps: [PatternTable.Step] = []
    while steps.count < 12 {
      let isNegated = random.next(12) == 0
      guard case .success(let pattern) = engine.compile(Array(expression(&random, 0).utf8), flags: engine.defaultFlags),
        let value = try? PatternValue(Array("x".utf8))
      else { continue }
      let count = steps.count
      if random.next(8) == 0 {
        steps.append(.condition(pattern, isNegated: isNegated, end: min(12, count + 1 + random.next(4)), line: count))
      } else {
        steps.append(.rule(PatternTable.Rule(pattern: pattern, isNegated: isNegated, value: value, line: count)))
      }
    }
    return steps
  }

  private static func expression(_ random: inout Numbers, _ depth: Int) -> String {
    var text = random.next(4) == 0 && depth == 0 ? "^" : ""
    for _ in 0...random.next(3) {
      switch random.next(depth > 2 ? 5 : 8) {
      case 0, 1, 2: text += random.pick(words).replacing(".", with: "\\.")
      case 3: text += random.pick([".*", ".", "[a-z]", "[ck]", "x?", "e{1,2}", "[[:space:]]*", "\\."])
      case 4: text += random.pick(["y+", "(lottery)?", "(now){2}", "(pot)*", "t{0,1}"])
      case 5, 6: text += "(" + expression(&random, depth + 1) + "|" + expression(&random, depth + 1) + ")"
      default: text += "(" + expression(&random, depth + 1) + ")" + random.pick(["", "?", "*", "+", "{2}", "{0,2}"])
      }
    }
    return text
  }

  private static func subject(_ random: inout Numbers) -> String {
    var text = random.next(3) == 0 ? "Subject: " : ""
    for _ in 0...random.next(5) { text += random.next(3) == 0 ? random.pick(["x", " ", "y", "tt", "k", "."]) : random.pick(words) }
    return random.next(3) == 0 ? text.uppercased() : text
  }
}
