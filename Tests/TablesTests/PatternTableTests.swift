// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

@Suite struct PatternTableTests {
  private func value(_ type: String, _ rules: String, _ key: String) throws -> String? {
    let result = try read("\(type):/t", ["/t": rules])
    #expect(result.messages == [])
    return result.table?.value(for: key)
  }

  @Test(arguments: ["regexp", "pcre"])
  func theFirstRuleThatMatchesCounts(type: String) throws {
    let rules = """
      # comment
      /^postmaster@/      OK
      /^([^@]+)@example\\.(com|net)$/  user=$1 top=${2}
        also $(1) for $$5
      !/^[^@]+@[^@]+$/    550 no address
      if /^if-/
      /-a$/               a
      if !/-b$/
      /^if-c/             c
      endif
      EndIf
      %/%                 a slash
      /^IF-/              after
      /.*/                last
      """
    let expected = [
      "Postmaster@x": "OK", "bob@EXAMPLE.net": "user=bob top=net  also bob for $5", "bob": "550 no address", "if-@-a": "a", "if-c@b": "c",
      "if-@-b": "after", "a@b/c": "a slash", "z@y": "last",
    ]
    for (key, answer) in expected { #expect(try value(type, rules, key) == answer, "\(key)") }
  }

  @Test(arguments: [
    // type, rule, key, value
    ("regexp", "/a.c/ x", "A\nC", "x"), ("regexp", "/a.c/i x", "ABC", nil), ("regexp", "/a.c/m x", "a\nc", nil), ("regexp", "/^c$/ x", "a\nc", nil),
    ("regexp", "/^c$/m x", "a\nc", "x"), ("regexp", "/a\\(b\\)/x $1", "ab", "b"), ("regexp", "/(a|ab)(c|bcd)/ $1-$2", "abcd", "a-bcd"),
    ("regexp", "/(a)|(b)/ <$1$2>", "b", "<b>"), ("regexp", "|a\\|b| x", "a|b", "x"), ("regexp", "/name\\s*=/ x", "name =", "x"),
    ("pcre", "/a.c/ x", "A\nC", "x"), ("pcre", "/a.c/i x", "ABC", nil), ("pcre", "/a.c/s x", "a\nc", nil), ("pcre", "/^c$/m x", "a\nc", "x"),
    ("pcre", "/a b # c/x x", "ab", "x"), ("pcre", "/b/A x", "ab", nil), ("pcre", "/b$/ x", "b\n", "x"), ("pcre", "/b$/E x", "b\n", nil),
    ("pcre", "/(a+)/U $1", "aaa", "a"), ("pcre", "/(a|ab)(c|bcd)?/ $1-$2", "abcd", "a-bcd"), ("pcre", "/(?<=x)(a)|(b)/ <$1$2>", "b", "<b>"),
    ("pcre", "/\\d{2}/ x", "12", "x"), ("pcre", "~/~ x", "/", "x"),
  ])
  func understandsFlags(type: String, rule: String, key: String, answer: String?) throws {
    #expect(try value(type, rule, key) == answer)
  }

  @Test(arguments: [
    "(abc)" + String(repeating: "+", count: 30), "a{20}{20}{20}{20}", "((a{99}){99}){99}", "a{0,32767}", "((a?){99}){99}", "(x|b{300}){300}",
    "[[:alpha:]]{300}{300}", "[]x)]{300}{300}", String(repeating: "(", count: 600) + String(repeating: ")", count: 600),
  ])
  func expressionsThatWouldTakeAllMemoryAreErrors(pattern: String) throws {
    #expect(try read("regexp:/t", ["/t": "/\(pattern)/ x"]).messages.first?.contains("more than") == true)
  }

  @Test(arguments: [
    "(abc)++++", "^.{2000,}$", "[a-z0-9]{1,255}(\\.[a-z]{2,63}){1,10}", "x(a?b?c?){100}", "a\\{300\\}\\{300\\}", "[{300}]{3}", "xa{0,2000}",
  ])
  func othersAreNot(pattern: String) throws {
    #expect(try read("regexp:/t", ["/t": "/\(pattern)/ x"]).messages.isEmpty)
  }

  @Test func theOldSyntaxHasItsOperatorsEscaped() throws {
    #expect(try read("regexp:/t", ["/t": #"/a\{300\}\{300\}/x x"#]).messages.first?.contains("more than") == true)
    #expect(try read("regexp:/t", ["/t": "/a{300}{300}/x x"]).messages.isEmpty)
  }

  @Test(arguments: ["regexp", "pcre"])
  func takesAnyBytes(type: String) throws {
    #expect(try value(type, "/b$/ x", "a\0b") == "x")
    #expect(try value(type, "/^(.*)$/ <$1>", "") == "<>")
    #expect(try value(type, "/^a/ \u{e9}$$", "a") == "\u{e9}$")
    #expect(try value(type, "/^(.+)z/ $1", "\u{e9}z") == "\u{e9}")
  }

  @Test func standsInBracesToo() throws {
    let result = try read("regexp:{ {/^a{2}$/ two}, { !/b/ no b } }")
    #expect(result.messages == [])
    #expect(result.table?.value(for: "aa") == "two")
    #expect(result.table?.value(for: "c") == "no b")
    #expect(result.table?.isPattern == true)
  }

  /// A pattern that goes back and forth for years ends at its limit, and then does not match, as in Postfix.
  @Test func noRuleOfPcreHangs() throws {
    let table = try #require(read("pcre:/t", ["/t": "/^(a+)+$/ x\n/^a/ y\n/(?:(.)(?1)?){200}x/ z"]).table)
    let clock = ContinuousClock()
    var answer: String?
    let time = clock.measure { answer = table.value(for: String(repeating: "a", count: 5000) + "b") }
    #expect(answer == "y")
    #expect(time < .seconds(10))
  }

  /// One table serves all threads.
  @Test(arguments: ["regexp", "pcre"])
  func servesManyAtATime(type: String) async throws {
    let table = try #require(read("\(type):/t", ["/t": "/^user([0-9]+)@(.*)$/ $2-$1"]).table)
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask { (0..<500).allSatisfy { table.value(for: "user\($0)@d\(task)") == "d\(task)-\($0)" } }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  /// What is plain to see of a pattern only saves time.
  @Test(arguments: [
    ("/^spam[0-9]/", "Spam7", true), ("/^spam[0-9]/", "spa", false), ("/^spam*$/", "spa", true), ("/^spam?x/", "spax", true), ("/^a{0}b/", "b", true),
    ("/^ab|cd/", "cd", true), ("/^a\\.b/", "a.b", true), ("/^a\\.b/", "axb", false), ("/^\\Qa.b\\E/", "a.b", true), ("/^a b/x", "ab", true),
    ("/^b/m", "a\nb", true), ("/^B/i", "b", false), ("/^B/i", "B", true), ("/^abcdefghij/", "ABCDEFGHIJ", true),
    ("/^abcdefghij/", "ABCDEFGHIX", false),
    ("!/^abc/", "xyz", true), ("!/^abc/", "abc", false), ("/^é/", "é", true), ("/^/", "", true), ("/^a/", "", false),
  ])
  func heads(rule: String, key: String, isFound: Bool) throws {
    #expect((try value("pcre", "\(rule) X", key) != nil) == isFound)
    #expect((try value("pcre", "if \(rule)\n/^/ X\nendif", key) != nil) == isFound)
  }
}
