// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AttachmentStage

/// Programs in disguise, and messages that look a little like it, with the default options.
@Suite struct CorpusTests {
  @Test(arguments: Corpus.names)
  func isFound(name: String) throws {
    let message = try Corpus.read(name)
    let expected = Corpus.expectation(message)
    let found = try Rehearsed(message)
    switch expected.prefix(4) {
    case "pass":
      #expect(found.verdict == "CONTINUE" && found.log == [], "\(name): \(found.lines)")
    case "tag ":
      #expect(found.verdict == "CONTINUE" && found.rule == String(expected.dropFirst(4)), "\(name): \(found.lines)")
    default:
      #expect(found.verdict == "REJECT" && found.rule == expected, "\(name): \(found.lines)")
      #expect(found.reply?.hasPrefix("550 5.7.1 attachment \"") == true || expected.contains("parts"), "\(found.reply ?? "")")
    }
  }

  @Test func thereAreEnough() throws {
    let expectations = try Corpus.names.map { Corpus.expectation(try Corpus.read($0)) }
    #expect(expectations.filter { $0 != "pass" && !$0.hasPrefix("tag") }.count >= 60)
    #expect(expectations.filter { $0 == "pass" }.count >= 25)
    #expect(!expectations.contains(""))
  }
}
