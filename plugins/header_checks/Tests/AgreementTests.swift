// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Tables
import Testing

/// agreement.txt: what Postfix's postmap answers to header lines. Tests/EndToEnd/test_header_checks.py asks it whether that is still so.
@Suite struct AgreementTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    let type: String
    let text: String
    var answers: [Int: [UInt8]] = [:]
    var testDescription: String { "\(type): \(text)" }
  }

  static let (lines, rules) = read()

  private static func read() -> ([Int: [UInt8]], [Rule]) {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("agreement.txt").path
    var (lines, rules): ([Int: [UInt8]], [Rule]) = ([:], [])
    for row in ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n") where !row.hasPrefix("#") {
      guard let colon = row.firstRange(of: ":") else { continue }
      let rest = row[colon.upperBound...].dropFirst()
      if row.hasPrefix("line "), let number = Int(row[..<colon.lowerBound].dropFirst(5)) {
        lines[number] = unescaped(rest)
      } else if row.hasPrefix("  "), let number = Int(row[..<colon.lowerBound].dropFirst(2)), !rules.isEmpty {
        rules[rules.count - 1].answers[number] = unescaped(rest)
      } else {
        rules.append(Rule(type: String(row[..<colon.lowerBound]), text: String(rest)))
      }
    }
    return (lines, rules)
  }

  /// `\n`, `\t`, `\x` and two digits.
  private static func unescaped(_ text: Substring) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      switch (byte, rest.first) {
      case (UInt8(ascii: "\\"), UInt8(ascii: "n")): bytes.append(0x0a)
      case (UInt8(ascii: "\\"), UInt8(ascii: "t")): bytes.append(0x09)
      case (UInt8(ascii: "\\"), UInt8(ascii: "x")):
        bytes.append(UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
      default:
        bytes.append(byte)
        continue
      }
      rest = rest.dropFirst()
    }
    return bytes
  }

  @Test func thereAreEnough() {
    #expect(Self.rules.count * Self.lines.count > 2000)
    #expect(Self.rules.reduce(0) { $0 + $1.answers.count } > 220)
  }

  @Test(arguments: rules)
  func answersAsPostfixDoes(rule: Rule) throws {
    let reference = try #require(TableReference(LocatedText(name: "t", text: "lenient:\(rule.type):/t")))
    let table = try #require(Table.read(reference, files: MemoryFiles(["/t": rule.text + "\n"])).table)
    for (number, line) in Self.lines {
      let answer = line.withUnsafeBufferPointer { table.answer(for: $0)?.value }
      #expect(answer == rule.answers[number], "line \(number): \(answer.map { String(decoding: $0, as: UTF8.self) } ?? "none")")
    }
  }
}
