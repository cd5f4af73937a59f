// SPDX-License-Identifier: Apache-2.0
import CPCRE2
import CRegex

/// Which library reads the patterns of a table.
enum PatternEngine: Sendable {
  /// `regexp:`: the C library's POSIX expressions. The leftmost-longest match counts.
  case posix
  /// `pcre:`: Perl's expressions, by PCRE2.
  case perl

  /// The letters that may follow a pattern, and what each toggles. Case is ignored and `.` matches line feeds until toggled, as in Postfix.
  var flags: [UInt8: Int] {
    switch self {
    case .posix:
      [UInt8(ascii: "i"): CREGEX_CASELESS, UInt8(ascii: "m"): CREGEX_BY_LINE, UInt8(ascii: "x"): CREGEX_BASIC]
    case .perl:
      [
        UInt8(ascii: "i"): CPCRE2_CASELESS, UInt8(ascii: "m"): CPCRE2_MULTILINE, UInt8(ascii: "s"): CPCRE2_DOTALL,
        UInt8(ascii: "x"): CPCRE2_EXTENDED, UInt8(ascii: "A"): CPCRE2_ANCHORED,
        UInt8(ascii: "E"): CPCRE2_DOLLAR_ENDONLY, UInt8(ascii: "U"): CPCRE2_UNGREEDY,
        // PCRE2 has no such option any more.
        UInt8(ascii: "X"): 0,
      ]
    }
  }

  var defaultFlags: Int {
    switch self {
    case .posix: CREGEX_CASELESS
    case .perl: CPCRE2_CASELESS | CPCRE2_DOTALL
    }
  }

  func compile(_ pattern: [UInt8], flags: Int) -> Result<Pattern, PatternProblem> {
    switch self {
    case .posix: PosixPattern.compile(pattern, flags: flags).map(Pattern.posix)
    case .perl: PerlPattern.compile(pattern, flags: flags).map(Pattern.perl)
    }
  }
}

/// Why a pattern does not compile.
struct PatternProblem: Error {
  /// What the libraries tell apart, as far as it helps to find the place.
  enum Kind { case repetition, backReference, bracket, parenthesis, brace, range, characterClass, escape, other }

  let kind: Kind
  /// The library's words.
  let reason: String
  /// Where the library noticed it; POSIX's does not say.
  var offset: Int?
}

/// A compiled pattern. It never changes, so any thread may match with it.
enum Pattern: Sendable {
  case posix(PosixPattern)
  case perl(PerlPattern)

  /// The most groups of one pattern that are known by number.
  static let maximumGroups = 99

  var groups: Int {
    switch self {
    case .posix(let pattern): pattern.groups
    case .perl(let pattern): pattern.groups
    }
  }

  /// Of these one is in all that it matches, in some case.
  var literals: [[UInt8]]? {
    switch self {
    case .posix(let pattern): pattern.literals
    case .perl(let pattern): pattern.literals
    }
  }

  var head: PatternHead {
    switch self {
    case .posix: .any
    case .perl(let pattern): pattern.head
    }
  }

  /// Whether the subject matches. `spans` gets begin and end of the match and of its groups, as many as there is room for; -1 for a group that took no
  /// part. A match that reaches a limit is none, as in Postfix.
  func matches(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> Bool { match(subject, spans: spans) == .found }

  /// The same, with limits told apart.
  @inline(__always)
  func match(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> PatternOutcome {
    switch self {
    case .posix(let pattern): pattern.match(subject, spans: spans)
    case .perl(let pattern): pattern.match(subject, spans: spans)
    }
  }

  func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches($0, spans: UnsafeMutableBufferPointer(start: nil, count: 0)) }
  }
}

enum PatternOutcome: Sendable {
  case none, found
  /// The match took too many steps, too long, or too much memory.
  case exhausted

  /// What the C functions answer.
  fileprivate init(_ result: Int32) { self = result == 1 ? .found : result == 0 ? .none : .exhausted }
}

final class PosixPattern: Sendable {
  private nonisolated(unsafe) let handle: OpaquePointer
  private let prefix: LiteralPrefix?
  /// The same in Perl's syntax where it has back references: for those the C library knows no limit.
  private let bounded: PerlPattern?
  let literals: [[UInt8]]?

  private init(_ handle: OpaquePointer, _ bounded: PerlPattern?, _ pattern: [UInt8], flags: Int) {
    self.handle = handle
    self.bounded = bounded
    let isExtended = flags & (CREGEX_BASIC | CREGEX_BY_LINE) == 0
    prefix = isExtended ? LiteralPrefix(extended: pattern, isCaseless: flags & CREGEX_CASELESS != 0) : nil
    literals = isExtended ? RequiredLiterals.find(pattern, isPerl: false) : nil
  }

  deinit { cregex_free(handle) }

  static func compile(_ pattern: [UInt8], flags: Int) -> Result<PosixPattern, PatternProblem> {
    if let complaint = PosixSize.complaint(pattern, isExtended: flags & CREGEX_BASIC == 0) {
      return .failure(PatternProblem(kind: .other, reason: complaint))
    }
    var problem: Int32 = 0
    var text = [CChar](repeating: 0, count: 128)
    let terminated = pattern.map { CChar(bitPattern: $0) } + [0]
    guard let handle = cregex_compile(terminated, Int32(truncatingIfNeeded: flags), &problem, &text, text.count) else {
      return .failure(PatternProblem(kind: kind(problem), reason: String(text)))
    }
    return bounded(pattern, flags: flags).map { PosixPattern(handle, $0, pattern, flags: flags) }.mapError { error in
      cregex_free(handle)
      return error
    }
  }

  private static func bounded(_ pattern: [UInt8], flags: Int) -> Result<PerlPattern?, PatternProblem> {
    let translation = PosixTranslation(pattern, flags: flags)
    guard translation.hasBackReference else { return .success(nil) }
    let compiled = PerlPattern.compile(translation.longest, flags: flags & CREGEX_CASELESS == 0 ? 0 : CPCRE2_CASELESS)
    return compiled.map { $0 }.mapError { PatternProblem(kind: .other, reason: "with its back references it is too much (\($0.reason))") }
  }

  private static func kind(_ problem: Int32) -> PatternProblem.Kind {
    switch Int(problem) {
    case CREGEX_BAD_REPETITION: .repetition
    case CREGEX_BAD_BACK_REFERENCE: .backReference
    case CREGEX_BAD_BRACKET: .bracket
    case CREGEX_BAD_PARENTHESIS: .parenthesis
    case CREGEX_BAD_BRACE: .brace
    case CREGEX_BAD_RANGE: .range
    case CREGEX_BAD_CLASS: .characterClass
    case CREGEX_BAD_ESCAPE: .escape
    default: .other
    }
  }

  var groups: Int { cregex_groups(handle) }

  func match(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> PatternOutcome {
    if let prefix, !prefix.isBeginning(of: subject) { return .none }
    return bounded?.matchLongest(subject, spans: spans) ?? matchWhole(subject, spans: spans)
  }

  /// As the C library says, without a look at the prefix first.
  func matchWhole(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> PatternOutcome {
    var nothing: UInt8 = 0
    // An empty Swift buffer may have no address, and the library needs one.
    guard let base = subject.baseAddress else { return PatternOutcome(cregex_match(handle, &nothing, 0, spans.baseAddress, spans.count / 2)) }
    return PatternOutcome(cregex_match(handle, base, subject.count, spans.baseAddress, spans.count / 2))
  }
}

final class PerlPattern: Sendable {
  private nonisolated(unsafe) let handle: OpaquePointer
  let head: PatternHead
  let literals: [[UInt8]]?

  private init(_ handle: OpaquePointer, _ pattern: [UInt8], flags: Int) {
    self.handle = handle
    head = PatternHead(perl: pattern, flags: flags)
    literals = flags & CPCRE2_EXTENDED == 0 ? RequiredLiterals.find(pattern, isPerl: true) : nil
  }

  deinit { cpcre2_free(handle) }

  static func compile(_ pattern: [UInt8], flags: Int) -> Result<PerlPattern, PatternProblem> {
    var offset = 0
    var text = [CChar](repeating: 0, count: 256)
    if let handle = cpcre2_compile(pattern, pattern.count, UInt32(truncatingIfNeeded: flags), &offset, &text, text.count) {
      return .success(PerlPattern(handle, pattern, flags: flags))
    }
    let reason = String(text)
    let kind: PatternProblem.Kind = reason.contains("parenthesis") ? .parenthesis : reason.contains("terminating ]") ? .bracket : .other
    return .failure(PatternProblem(kind: kind, reason: reason, offset: min(offset, pattern.count)))
  }

  var groups: Int { cpcre2_groups(handle) }

  func match(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> PatternOutcome {
    var nothing: UInt8 = 0
    guard let base = subject.baseAddress else { return PatternOutcome(cpcre2_match(handle, &nothing, 0, spans.baseAddress, spans.count / 2)) }
    return PatternOutcome(cpcre2_match(handle, base, subject.count, spans.baseAddress, spans.count / 2))
  }

  /// As a POSIX expression matches; for patterns that `PosixTranslation` has made.
  func matchLongest(_ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>) -> PatternOutcome {
    var nothing: UInt8 = 0
    guard let base = subject.baseAddress else { return PatternOutcome(cpcre2_match_longest(handle, &nothing, 0, spans.baseAddress, spans.count / 2)) }
    return PatternOutcome(cpcre2_match_longest(handle, base, subject.count, spans.baseAddress, spans.count / 2))
  }

}

extension String {
  /// From a C string with room behind its NUL.
  fileprivate init(_ text: [CChar]) {
    self.init(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
