// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Replaces `$name`, `${name}`, `$(name)`, `${name?text}`, `${name:text}`, `${name?{text}:{text}}`, `${{a}=={b}?{text}:{text}}` and `$$`.
struct Expander {
  static let maximumLength = 1 << 20
  static let maximumDepth = 16

  enum Use { case value, test }

  /// The expanded value of a name; nil if there is no such name, which is a mistake where its value is used and none where it is only tested.
  private let resolve: (LocatedText, Use) -> LocatedText?
  private let report: (Diagnostic) -> Void

  init(resolve: @escaping (LocatedText, Use) -> LocatedText?, report: @escaping (Diagnostic) -> Void) {
    self.resolve = resolve
    self.report = report
  }

  func expand(_ text: LocatedText, depth: Int = 0) -> LocatedText {
    guard text.bytes.contains(UInt8(ascii: "$")) else { return text }
    guard depth < Self.maximumDepth else { return refuse(text, "more than \(Self.maximumDepth) `${…}` inside each other") }
    var result = LocatedText(at: text.start)
    var offset = 0
    while offset < text.count {
      let plain = text.bytes[offset...].firstIndex(of: UInt8(ascii: "$")) ?? text.count
      result.append(text[offset..<plain])
      offset = plain
      if offset < text.count { offset = expandReference(text, at: offset, into: &result, depth) }
      if result.count > Self.maximumLength { return refuse(text, "this expands to more than \(Self.maximumLength) bytes") }
    }
    return result
  }

  /// Returns the offset after the reference.
  private func expandReference(_ text: LocatedText, at dollar: Int, into result: inout LocatedText, _ depth: Int) -> Int {
    let next = dollar + 1
    guard next < text.count else { return keep(text, dollar..<next, into: &result) }
    switch text.bytes[next] {
    case UInt8(ascii: "$"):
      result.append(text[next..<(next + 1)])
      return next + 1
    case UInt8(ascii: "{"):
      return expandGroup(text, dollar, end: text.closingBrace(from: next), into: &result, depth)
    case UInt8(ascii: "("):
      return expandGroup(text, dollar, end: text.bytes[next...].firstIndex(of: UInt8(ascii: ")")), into: &result, depth)
    default:
      let end = text.bytes[next...].firstIndex { !$0.isNameByte } ?? text.count
      if end == next { return keep(text, dollar..<next, into: &result) }
      appendValue(of: text[next..<end], at: text[dollar..<end], into: &result)
      return end
    }
  }

  /// A `$` before anything else is a mistake; it stays, so that the rest can be checked.
  private func keep(_ text: LocatedText, _ range: Range<Int>, into result: inout LocatedText) -> Int {
    report(.error(text[range], "`$` is followed by no name", hint: "write `$$` for the character itself"))
    result.append(text[range])
    return range.upperBound
  }

  private func expandGroup(_ text: LocatedText, _ dollar: Int, end: Int?, into result: inout LocatedText, _ depth: Int) -> Int {
    guard let end else {
      report(.error(text[dollar..<(dollar + 2)], "this reference is never closed"))
      return text.count
    }
    expandBody(text[(dollar + 2)..<end], at: text[dollar..<(end + 1)], into: &result, depth)
    return end + 1
  }

  private func expandBody(_ body: LocatedText, at reference: LocatedText, into result: inout LocatedText, _ depth: Int) {
    if body.trimmed.bytes.first == UInt8(ascii: "{") { return expandComparison(body.trimmed, at: reference, into: &result, depth) }
    let end = body.bytes.firstIndex { !$0.isNameByte } ?? body.count
    let name = body[..<end]
    let rest = body[end...]
    if name.isEmpty {
      report(.error(reference, "expected a name in `\(reference.text)`"))
    } else if rest.isEmpty {
      appendValue(of: name, at: reference, into: &result)
    } else if let branches = Branches(rest) {
      let isSet = !(resolve(name, .test)?.isEmpty ?? true)
      if let chosen = branches.chosen(isSet) { result.append(expand(chosen, depth: depth + 1)) }
    } else {
      report(.error(rest, "expected `?`, `:` or `}` after `\(name.text)`", hint: "${name}, ${name?value} or ${name:value}"))
    }
  }

  private func appendValue(of name: LocatedText, at reference: LocatedText, into result: inout LocatedText) {
    // All bytes of the value stand for the reference: a mistake shows where this setting uses it.
    if let value = resolve(name, .value) { result.append(value.bytes, standingFor: reference.start) }
  }

  private func refuse(_ text: LocatedText, _ message: String) -> LocatedText {
    report(.error(text, message))
    return LocatedText(at: text.start)
  }
}

/// Postfix's `{a} == {b} ? {c} : {d}`, with strings or numbers on both sides.
extension Expander {
  private func expandComparison(_ body: LocatedText, at reference: LocatedText, into result: inout LocatedText, _ depth: Int) {
    guard let comparison = Comparison(body) else {
      report(.error(reference, "this comparison cannot be read", hint: "${{a}=={b}?{value}:{value}}"))
      return
    }
    let left = expand(comparison.left, depth: depth + 1).text
    let right = expand(comparison.right, depth: depth + 1).text
    guard let holds = comparison.holds(left, right) else {
      return report(.error(reference, "`\(left)` and `\(right)` are not both compatibility levels", hint: "a level is a number such as 2 or 3.6"))
    }
    if let chosen = comparison.branches.chosen(holds) { result.append(expand(chosen, depth: depth + 1)) }
  }
}
