// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

/// What is said of rules that are wrong. D3 to D7 are the rows of the tutorials' odd expressions.
@Suite struct PatternAdviceTests {
  private static let seed = (
    D3: "/^subject.*lottery||LOTTERY||Lottery/ REJECT   no such mails dont send me-->create this line",
    D4: "/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*(\\.exe)/ REJECT open format mails only",
    D5: "/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*(\\.|=2E) --> copy this line and paste in the bellow file",
    D6: ":330\nbelow\nheader_checks\n"
  )

  private func said(_ table: String, _ rules: String) throws -> [String] {
    let reference = try #require(TableReference(LocatedText(name: "t", text: table)))
    let result = Table.read(reference, files: MemoryFiles(["/t": rules]))
    return result.diagnostics.map { "\($0.location.map(\.description) ?? "") \($0.severity): \($0.message)" + ($0.hint.map { " | \($0)" } ?? "") }
  }

  @Test func d3MatchesEverything() throws {
    #expect(
      try said("regexp:/t", Self.seed.D3) == [
        "/t:1:19 error: rule 1 matches the empty string, and so every text: an alternative is empty"
          + " | did you mean `/^Subject:.*(lottery|LOTTERY|Lottery)/`?",
        "/t:1:74 warning: `-->create this line` is part of the value, and so of what a client is told | is it a note from where this was copied?",
      ])
  }

  @Test func d3Lenient() throws {
    let result = try read("lenient:regexp:/t", ["/t": Self.seed.D3])
    #expect(result.messages.allSatisfy { $0.contains(" warning: ") })
    #expect(result.table?.value(for: "Received: from x") == "REJECT   no such mails dont send me-->create this line")
  }

  @Test func d4UnmatchedParenthesis() throws {
    #expect(
      try said("regexp:/t", Self.seed.D4) == [
        "/t:1:44 error: this pattern does not compile: Unmatched ( or \\("
          + " | did you mean `/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*(\\.exe))/`?"
      ])
    #expect(
      try said("pcre:/t", Self.seed.D4) == [
        "/t:1:44 error: this pattern does not compile: missing closing parenthesis"
          + " | did you mean `/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*(\\.exe))/`?"
      ])
    #expect(try said("lenient:regexp:/t", Self.seed.D4).first?.contains(" warning: ") == true)
  }

  @Test func d5NoClosingDelimiter() throws {
    #expect(
      try said("regexp:/t", Self.seed.D5) == [
        "/t:1:1 error: this pattern has no closing `/` | write `/` after the pattern, then its value;"
          + " `--> copy this line and paste in the bellow file` looks like a note from where this was copied"
      ])
  }

  @Test func d6EditorCommands() throws {
    let said = try said("regexp:/t", Self.seed.D6)
    #expect(
      said.map { $0.prefix { $0 != "|" } } == [
        "/t:1:1 error: this pattern has no closing `:` ", "/t:2:1 error: this line is no rule: a rule starts with its pattern ",
        "/t:3:1 error: this line is no rule: a rule starts with its pattern ",
      ])
    #expect(said[0].hasSuffix("| this looks like an editor command: remove the line"))
    #expect(
      try self.said("regexp:/t", "\t/a/ b\n\t/c/ d\n").map { $0.prefix { $0 != "|" } } == ["/t:1:2 error: the first rule starts with white space "])
  }

  @Test func d7AnyCase() throws {
    let table = try #require(read("regexp:/t", ["/t": "/i love you/ REJECT No such spam please!!!!!"]).table)
    #expect(table.value(for: "Subject: I LOVE you") == "REJECT No such spam please!!!!!")
    #expect(table.value(for: "i dax i hate you") == nil)
  }

  @Test func d9AttachmentNames() throws {
    let rule = "/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*(\\.exe))/ REJECT open format mails only"
    let table = try #require(read("regexp:/t", ["/t": rule]).table)
    #expect(table.value(for: "Content-Type: application/x;\n\tname=\"virus.exe\"") == "REJECT open format mails only")
    #expect(table.value(for: "Content-Type: a/b; name*0=virus.e; name*1=xe") == nil)
    #expect(table.value(for: "Content-Disposition: attachment; filename=report.executive.pdf") != nil)
  }

  @Test(arguments: [
    ("regexp", "/a|/ x", "/t:1:3 error: rule 1 matches the empty string, and so every text: an alternative is empty | did you mean `/a/`?"),
    ("regexp", "/x*/ x", "/t:1:2 error: rule 1 matches the empty string, and so every text | write `/.*/` for a rule that is meant for everything"),
    ("pcre", "/a\n|b(|c)/ x", "/t:1:1 error: this pattern has no closing `/` | a rule is `/pattern/ value`"),
    (
      "pcre", "/(a||b)?/ x",
      "/t:1:4 error: rule 1 matches the empty string, and so every text: an alternative is empty | write `/.*/` for a rule that is meant for everything"
    ),
    (
      "regexp", "/*.exe/ x",
      "/t:1:2 error: this pattern does not compile: Invalid preceding regular expression | `*` repeats what stands before it; any text is `.*`: did you mean `/.*\\.exe/`?"
    ),
    (
      "pcre", "/*.exe/ x",
      "/t:1:2 error: this pattern does not compile: quantifier does not follow a repeatable item | `*` repeats what stands before it; any text is `.*`: did you mean `/.*\\.exe/`?"
    ),
    (
      "regexp", "/a[b/ x",
      "/t:1:3 error: this pattern does not compile: Unmatched [, [^, [:, [., or [= | a `[` that is meant as such is written `\\[`; else a `]` closes it"
    ),
    (
      "pcre", "/a[b/ x",
      "/t:1:3 error: this pattern does not compile: missing terminating ] for character class | a `[` that is meant as such is written `\\[`; else a `]` closes it"
    ),
    ("pcre", "/a)/ x", "/t:1:3 error: this pattern does not compile: unmatched closing parenthesis | a `)` that is meant as such is written `\\)`"),
    (
      "regexp", "/[z-a]/ x",
      "/t:1:3 error: this pattern does not compile: Invalid range end | a range runs upwards; a `-` that is meant as such stands first or last in the brackets"
    ),
    (
      "regexp", "/[[:foo:]]/ x",
      "/t:1:3 error: this pattern does not compile: Invalid character class name | such as `[[:alnum:]]`, `[[:digit:]]` or `[[:space:]]`"
    ),
    ("regexp", "/a/s x", "/t:1:4 error: unknown flag `s` after the pattern | the flags are `i`, `m`, `x`"),
    (
      "regexp", "/a/bcde/ x",
      "/t:1:4 error: unknown flag `b` after the pattern | a `/` within the pattern is written `\\/`; a blank ends the pattern's flags"
    ),
    ("pcre", "/a/X x", "/t:1:4 warning: the flag `X` means nothing any more"),
    ("regexp", "/a\\/ x", "/t:1:1 error: this pattern has no closing `/` | a rule is `/pattern/ value`"),
    ("regexp", "/a\\/", "/t:1:1 error: this pattern has no closing `/` | the last `/` does not close it: the `\\` before takes that meaning from it"),
    ("regexp", "/a/ $1", "/t:1:5 error: `$1`: this pattern has no groups | a group is what stands in parentheses; write `$$` for a `$`"),
    ("regexp", "/(a)/ b $2", "/t:1:7 error: `$2`: this pattern has only 1 | a group is what stands in parentheses; write `$$` for a `$`"),
    ("regexp", "!/(a)/ $1", "/t:1:8 error: a rule with `!` has no groups to put in its value | write `$$` for a `$`"),
    ("regexp", "/a/ b $x c", "/t:1:7 error: only a number can follow a `$` here | write `$$` for a `$`"),
    ("regexp", "/a/ b $", "/t:1:7 error: a `$` at the end refers to nothing | write `$$` for a `$`"),
    ("regexp", "/(a)/ ${1", "/t:1:7 error: a group's number is written `$1` or `${1}` | write `$$` for a `$`"),
    ("regexp", "/(a)/ $0", "/t:1:7 error: only a number can follow a `$` here | write `$$` for a `$`"),
    (
      "regexp", "/a/!/b/ c",
      "/t:1:4 error: one pattern for each rule | write `if !/second/`, the rule with the first pattern, and `endif` on three lines"
    ),
    ("regexp", "/a/", "/t:1:1 warning: this rule has no value: its answer is empty | /pattern/ value"),
    ("regexp", "!", "/t:1:1 error: here is no pattern | a rule is `/pattern/ value`"),
    ("regexp", "endif", "/t:1:1 error: this `endif` has no `if`"),
    ("regexp", "if /a/\n/b/ c", "/t:1:1 error: this `if` has no `endif` | add a line `endif` after its rules"),
    ("regexp", "if /(/\n/b/ c\nendif", "/t:1:5 error: this pattern does not compile: Unmatched ( or \\( | did you mean `/()/`?"),
  ])
  func saysWhatIsWrong(type: String, rules: String, message: String) throws {
    #expect(try said("\(type):/t", rules).first == message)
  }

  @Test(arguments: ["/.*/ x", "/^/ x", "/^(.*)$/ $1", "/^$/ x", "/^[a-z]*$/ x", "/./ x", "!/x*/ y", "!/a/ b", "if /.*/\n/a/ b\nendif"])
  func leavesAloneWhatIsMeant(rules: String) throws {
    #expect(try said("regexp:/t", rules) == [])
    #expect(try said("pcre:/t", rules) == [])
  }
}
