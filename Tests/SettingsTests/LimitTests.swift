// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Settings

/// Each limit on both sides of its edge. Those of depth and length of expansion have fixtures.
@Suite struct LimitTests {
  private func messages(_ text: String, _ files: [String: String]) -> [String] {
    let result = Configuration.load(SourceText(name: "/f", text: text), files: MemoryFiles(files), facts: HostFacts(hostName: "mail.example.com"))
    return result.diagnostics.map(\.message)
  }

  @Test(arguments: [(0, []), (1, ["cannot read `/big`: longer than 1048576 bytes"])])
  func lengthOfAFile(excess: Int, expected: [String]) {
    let comment = "#" + String(repeating: "x", count: Parser.maximumFileLength - 1 + excess)
    #expect(messages("include /big\n", ["/big": comment]) == expected)
  }

  @Test(arguments: [(0, 0), (1, 1), (5, 1)])
  func numberOfFiles(excess: Int, errors: Int) {
    let names = (0..<(Parser.maximumFiles + excess)).map { "/d/\($0)" }
    let found = messages("include /d/*\n", Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
    #expect(found == Array(repeating: "more than 1000 files", count: errors))
  }

  @Test(arguments: [(4, []), (5, ["cannot read `/d/04`: longer than 0 bytes"])])
  func lengthOfAllFiles(count: Int, expected: [String]) {
    let comment = "#" + String(repeating: "x", count: Parser.maximumFileLength - 1)
    let names = (0..<count).map { "/d/\($0 < 10 ? "0" : "")\($0)" }
    #expect(messages("include /d/*\n", Dictionary(uniqueKeysWithValues: names.map { ($0, comment) })) == expected)
  }

  @Test(arguments: [(0, []), (1, ["more than 16 includes inside each other"])])
  func depthOfIncludes(excess: Int, expected: [String]) {
    let last = Parser.maximumIncludeDepth + excess
    let files = (1...last).map { ("/\($0)", $0 < last ? "include /\($0 + 1)\n" : "") }
    #expect(messages("include /1\n", Dictionary(uniqueKeysWithValues: files)) == expected)
  }

  @Test(arguments: [(0, []), (1, ["more than 8 files that name each other"])])
  func depthOfPatternFiles(excess: Int, expected: [String]) {
    let last = ValueParser.maximumPatternFileDepth + excess
    let files = (1...last).map { ("/\($0)", $0 < last ? "/\($0 + 1)\n" : "10.0.0.0/8\n") }
    #expect(messages("mynetworks = /1\n", Dictionary(uniqueKeysWithValues: files)) == expected)
  }

  @Test(arguments: [(0, []), (1, ["this expands to more than 1048576 bytes"])])
  func lengthOfAnExpansion(excess: Int, expected: [String]) {
    let half = String(repeating: "x", count: Expander.maximumLength / 2)
    #expect(messages("half = \(half)\nsyslog_name = ${half}${half}\(String(repeating: "y", count: excess))\n", [:]) == expected)
  }

  @Test(arguments: [(0, []), (1, ["more than 16 `${…}` inside each other"])])
  func depthOfConditions(excess: Int, expected: [String]) {
    let depth = Expander.maximumDepth - 1 + excess
    let text = String(repeating: "${mydomain?{", count: depth) + "$mydomain" + String(repeating: "}}", count: depth)
    #expect(messages("mail_name = \(text)\n", [:]) == expected)
  }

  /// Both limits at once must not exhaust the stack.
  @Test func depthOfConditionsAndReferences() {
    let depth = Expander.maximumDepth - 1
    let nested = { (name: String) in String(repeating: "${mydomain?{", count: depth) + "$\(name)" + String(repeating: "}}", count: depth) }
    let lines = (1..<Evaluator.maximumChain - 1).map { "a\($0) = \(nested("a\($0 - 1)"))\n" }
    #expect(messages("a0 = x\n\(lines.joined())syslog_name = $a\(Evaluator.maximumChain - 2)\n", [:]) == [])
  }
}
